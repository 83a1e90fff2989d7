"""Reminder rules: who is reminded of what, when, and in which words."""
