"""One edition of the Day for each host and year."""
