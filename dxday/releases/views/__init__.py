"""Pages of releases: for organizers, and for everybody."""
