"""Schemes, categories, dossiers and evidence."""
