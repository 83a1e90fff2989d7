"""`dxday doctor`: what is wrong with this installation, and the mend for each fault."""

import socket
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

import config
from dxday.adapters import fonts
from dxday.core import vietnamese
from dxday.web.monitoring import readiness


@dataclass(frozen=True)
class Finding:
    """One part, its state, and the mend where something is wrong ("" otherwise)."""

    part: str
    state: str
    mend: str = ""


def examine() -> list[Finding]:
    """Examine configuration, database, fonts, assets, mail, storage and keys."""
    settings: config.Settings = current_app.extensions["dxday_settings"]
    ready = readiness()
    return [
        Finding("configuration", "production" if settings.production else "embedded"),
        _ready("database", ready["database"], "Start the database, or correct DATABASE_URL."),
        _ready("migrations", ready["migrations"], "Run: dxday db upgrade"),
        _ready("storage", ready["storage"], "Make the folder of STORAGE_URL writable."),
        _fonts(),
        _assets(Path(current_app.static_folder or "")),
        _mail(settings),
        _keys(settings),
    ]


def _ready(part: str, state: str, mend: str) -> Finding:
    return Finding(part, state, "" if state == "ok" else mend)


def _fonts() -> Finding:
    try:
        missing = fonts.missing_glyphs(vietnamese.alphabet() + "नमस्ते")
    except fonts.FontMissing as fault:
        return Finding("fonts", str(fault), "Run: make setup")
    if missing:
        return Finding("fonts", f"no font has {' '.join(missing)}", "Run: make setup")
    return Finding(
        "fonts", f"{', '.join(sorted(fonts.families_here()))}: every Vietnamese letter and Devanagari"
    )


def _assets(folder: Path) -> Finding:
    there = (folder / "vendor" / "reboot.css").is_file()
    return Finding("assets", "ok" if there else "not installed", "" if there else "Run: make setup")


def _mail(settings: config.Settings) -> Finding:
    if settings.smtp_url is None:
        return Finding("mail", "the built-in mailbox: nothing leaves this machine")
    parts = urlsplit(settings.smtp_url)
    try:
        usual = 465 if parts.scheme == "smtps" else 587 if parts.username else 25
        with socket.create_connection((parts.hostname or "", parts.port or usual), timeout=5):
            return Finding("mail", f"{parts.hostname} answers")
    except OSError as error:
        return Finding(
            "mail",
            f"{parts.hostname} does not answer ({error})",
            "Start the mail server, or correct SMTP_URL.",
        )


def _keys(settings: config.Settings) -> Finding:
    path = settings.instance / "secret-key"
    if not path.exists():
        return Finding("keys", "SECRET_KEY is given")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Finding("keys", f"others can read {path.name}", f"Run: chmod 600 {path}")
    return Finding("keys", "kept in the instance, for the owner alone")
