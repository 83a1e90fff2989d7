"""Pages of accounts: one's own, and the people who have a part in the Day."""
