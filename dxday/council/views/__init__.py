"""Pages of the council: the secretary's and the members'."""
