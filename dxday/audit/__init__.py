"""The append-only, hash-chained trail: who did what to what, when."""
