"""Award schemes: forms, categories, and the rules that each stands on, as data with their source."""
