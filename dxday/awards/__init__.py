"""Decisions and the awards that they make."""
