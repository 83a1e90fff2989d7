"""Lists of nominees (trích ngang): read from a table, looked at, taken over as drafts, and written as a table."""
