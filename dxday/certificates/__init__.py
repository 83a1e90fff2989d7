"""Certificates: issue, PDF, public check."""
