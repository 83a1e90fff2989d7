"""Score sheets: what each reader thinks of a dossier, the order that follows from it, and how fair that order is."""
