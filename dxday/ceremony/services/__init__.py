"""Arranging ceremonies, handing awards over, and asking for the approval of press summaries."""
