"""Sites (điểm cầu) joined by line, and their rooms."""
