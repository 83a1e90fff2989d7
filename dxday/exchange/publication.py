"""The published programme as a file: what the public addresses and `dxday schedule export` hand out."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select

from dxday.adapters import calendars
from dxday.core.i18n import pick
from dxday.db import db
from dxday.editions.models import Edition
from dxday.exchange import queries
from dxday.exchange.writing import Programme, gather, write_json, write_xml
from dxday.exchange.writing.frab import MEDIA_TYPE as XML_TYPE
from dxday.notifications import addresses
from dxday.programme import feeds
from dxday.programme import queries as programme
from dxday.programme.models import Release
from dxday.sites import queries as sites

JSON_TYPE = "application/json"


def write(edition: Edition, form: str, *, locale: str) -> bytes:
    """Return the published programme in the form "xml", "json" or "ics"; the `locale` is that of the calendar."""
    return WRITERS[form](edition, locale)


def gather_published(edition: Edition, form: str) -> Programme:
    """Return the published programme as XML and JSON write it; a constant number of statements."""
    numbers = {
        person.id: int(key[3:])
        for key, person in queries.list_imported_people(edition.id).items()
        if key.startswith("id:") and key[3:].isdigit() and len(key) < 13
    }
    return gather(
        edition,
        queries.list_published(edition.id),
        sites.list_sites(edition.id),
        queries.list_tracks(edition.id),
        release=db.session.scalars(
            select(Release).where(Release.edition_id == edition.id).order_by(Release.number.desc()).limit(1)
        ).first(),
        people_ids=numbers,
        base_url=addresses.base_url() + "/",
        url=addresses.address(f"exchange_public.schedule_{form}", edition_code=edition.code),
        url_of=lambda session: addresses.address(
            "programme_public.session", edition_code=edition.code, code=session.code
        ),
    )


def _xml(edition: Edition, _locale: str) -> bytes:
    return write_xml(gather_published(edition, "xml"))


def _json(edition: Edition, _locale: str) -> bytes:
    return write_json(gather_published(edition, "json"))


def _ics(edition: Edition, locale: str) -> bytes:
    entries = programme.list_entries(edition.id)
    events = feeds.session_events(
        entries,
        programme.list_showings(edition.id),
        {site.id: site for site in sites.list_sites(edition.id)},
        urls={
            entry.id: addresses.address(
                "programme_public.session", edition_code=edition.code, code=entry.code
            )
            for entry in entries
        },
        locale=locale,
    )
    last = max((event.updated_at for event in events), default=datetime(2000, 1, 1, tzinfo=UTC))
    return calendars.calendar_of(
        events, name=pick(edition.name, locale), time_zone=edition.time_zone, at=last
    )


WRITERS: dict[str, Callable[[Edition, str], bytes]] = {"xml": _xml, "json": _json, "ics": _ics}

__all__ = ["JSON_TYPE", "WRITERS", "XML_TYPE", "gather_published", "write"]
