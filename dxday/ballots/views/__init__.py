"""Pages of ballots: of the secretary who leads them, and of the members who vote."""
