"""Tracks: lines of sessions on one subject, added and changed."""

from datetime import datetime

from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.i18n import Translations
from dxday.core.seen import check_unchanged
from dxday.db import db
from dxday.editions import services as editions
from dxday.editions.models import Edition
from dxday.programme import queries
from dxday.programme.models import Track
from dxday.sites import rules

TRACK_FIELDS = ("name", "position")


def add_track(
    edition: Edition, code: str, *, name: Translations, position: int, actor: Actor, now: datetime
) -> Track:
    """Add a track.  Raises CodeNotUsable, CodeTaken, NameMissing."""
    rules.check_code(code)
    rules.check_name(name)
    if queries.find_track(edition.id, code) is not None:
        raise rules.CodeTaken(code=code)
    track = Track(edition_id=edition.id, code=code, name=name, position=position)
    db.session.add(track)
    db.session.flush()
    audit.record("track.added", subject=code, actor=actor, now=now, edition_id=edition.id)
    return track


def change_track(
    track: Track, *, seen: str, name: Translations, position: int, actor: Actor, now: datetime
) -> None:
    """Change what a track is called and where it stands in lists; its code stays.

    `seen` is the fingerprint of what was looked at.  Raises Stale, NameMissing.
    """
    check_unchanged(track, TRACK_FIELDS, seen)
    rules.check_name(name)
    track.name, track.position = name, position
    db.session.flush()
    editions.mark_programme_changed(track.edition_id)
    audit.record("track.changed", subject=track.code, actor=actor, now=now, edition_id=track.edition_id)
