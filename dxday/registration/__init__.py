"""Places at a site or online, confirmations and reminders."""
