"""Whether a dossier may go before the council: what stands against it, what holds it up, what others say of it."""
