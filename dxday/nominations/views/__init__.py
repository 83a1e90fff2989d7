"""The pages of nominations: officer, sections of a dossier, questions before it; endorsers, and papers."""
