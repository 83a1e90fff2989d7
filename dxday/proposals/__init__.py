"""Changes of the programme that somebody proposes and an organizer takes or returns: by a site, or by the solver."""
