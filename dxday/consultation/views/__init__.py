"""The pages of public comment: of everybody, and of the council's secretary."""
