"""Programmes as files: reading those of other systems, and writing ours."""
