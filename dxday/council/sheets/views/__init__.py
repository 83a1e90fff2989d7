"""The pages of score sheets: of those who read, and of who runs the council."""
