"""Releases: what would go out, whom it concerns, what each release changed, and going back to one."""
