"""Long work that somebody asked for: carried by a worker, with progress, cancel and a file at the end."""
