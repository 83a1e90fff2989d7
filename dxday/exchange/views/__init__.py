"""Pages of files: for those who plan, and the addresses that other systems read."""
