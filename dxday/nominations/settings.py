"""What the settings say of dossiers: who checks files besides us, and the keys that seal what is sensitive."""

from flask import current_app

from dxday.adapters import virus_scan
from dxday.adapters.sealing import Sealer


def find_scanner() -> virus_scan.ClamScanner | None:
    """Return the virus scanner of the settings, or None where files are checked by their content alone."""
    address: str | None = current_app.extensions["dxday_settings"].clamav_address
    return virus_scan.open_scanner(address) if address else None


def get_sealer() -> Sealer:
    """Return the sealer with the keys of the settings."""
    return Sealer(current_app.extensions["dxday_settings"].sealing_keys)
