"""Addresses of static files that change with their content, and icons as inline SVG."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from flask import current_app, url_for
from markupsafe import Markup, escape


@lru_cache(maxsize=512)
def _fingerprint(path: Path, _changed: float) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """Return the address of a file under static/ with a fingerprint, so that browsers may keep it for ever."""
    path = Path(current_app.static_folder or "") / name
    return url_for("static", filename=name, v=_fingerprint(path, path.stat().st_mtime))


@lru_cache(maxsize=512)
def _icon_body(folder: str, name: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise ValueError(f"not an icon name: {name!r}")
    text = (Path(folder) / "vendor" / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return text[text.index(">", text.index("<svg")) + 1 : text.rindex("</svg>")]


def icon(name: str, label: str | None = None) -> Markup:
    """Return the named icon of the installed set as inline SVG; read out only when it has a label."""
    body = Markup(_icon_body(current_app.static_folder or "", name))  # noqa: S704 (a file of the installed set)
    voice = (
        Markup('role="img" aria-label="{}"').format(escape(label)) if label else Markup('aria-hidden="true"')
    )
    return Markup(
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="currentColor" focusable="false" {}>{}</svg>'
    ).format(voice, body)
