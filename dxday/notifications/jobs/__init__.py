"""Carrying the ledger: sending what is due, and reading what came back."""
