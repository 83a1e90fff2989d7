"""Telling other systems what happened: signed webhooks and their deliveries."""
