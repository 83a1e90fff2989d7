"""Pages of the council, and the honour roll for everybody."""
