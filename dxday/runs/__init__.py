"""What happens by itself: which job ran when, what came of it, and which are paused."""
