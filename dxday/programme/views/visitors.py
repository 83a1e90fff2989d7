"""Pages for everybody: the programme by time and by site, a session, the sites; and their calendars."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue

from dxday.adapters import calendars
from dxday.core import clock
from dxday.core.errors import NotFound
from dxday.core.i18n import pick
from dxday.notifications import addresses
from dxday.programme import feeds, queries
from dxday.programme.queries import Entry
from dxday.programme.rules import MODE_NAMES, PART_KIND_NAMES, SESSION_KIND_NAMES, PlacementRole, SessionKind
from dxday.programme.shown import Programme, said, zone_name
from dxday.sites import queries as sites
from dxday.sites.models import Site
from dxday.sites.rules import SITE_KIND_NAMES
from dxday.web.access import open_to_all
from dxday.web.kept import kept
from dxday.web.languages import current_locale

bp = Blueprint("programme_public", __name__)

STEP = 300
"""Seconds between two places of the line for now."""


def _now_line() -> datetime | None:
    """The moment of the line through the time table, in steps of five minutes; None outside of the edition's days."""
    now = clock.now()
    near = timedelta(days=1)
    if not g.edition.starts_on - near <= now.date() <= g.edition.ends_on + near:
        return None
    return datetime.fromtimestamp(now.timestamp() // STEP * STEP, tz=UTC)


@bp.get("/<edition_code>/schedule")
@open_to_all
@kept("view", "site", "kind", minutes=5)
def schedule() -> ResponseReturnValue:
    programme = Programme(g.edition)
    view = request.args.get("view", "time")
    if view not in ("time", "sites"):
        raise NotFound
    chosen = _chosen_site(programme)
    kind = _chosen_kind()
    wanted = _of_kind(kind)
    shown = [chosen] if chosen else programme.sites if view == "sites" else []
    return render_template(
        "programme/schedule.html",
        programme=programme,
        zone=zone_name(g.edition),
        view=view,
        site=chosen,
        kind=kind,
        kind_names=SESSION_KIND_NAMES,
        days=[] if shown else programme.grid(wanted),
        pages=[(site, programme.site_days(site, wanted)) for site in shown],
        now=_now_line(),
    )


@bp.get("/<edition_code>/schedule.ics")
@open_to_all
@kept(by_host=True)
def calendar() -> ResponseReturnValue:
    entries = queries.list_entries(g.edition.id)
    places = {site.id: site for site in sites.list_sites(g.edition.id)}
    showings = queries.list_showings(g.edition.id)
    events = feeds.session_events(entries, showings, places, urls=_urls(entries), locale=current_locale())
    return _calendar(events, pick(g.edition.name, current_locale()))


@bp.get("/<edition_code>/sessions/<code>")
@open_to_all
@kept()
def session(code: str) -> ResponseReturnValue:
    found = queries.get_public_session(g.edition.id, code)
    placements = sorted(
        (p for p in found.placements if p.cancelled_at is None or found.state == "cancelled"),
        key=lambda p: (p.role is not PlacementRole.ORIGIN, p.site.position, p.id),
    )
    origin = next((p for p in placements if p.role is PlacementRole.ORIGIN), None)
    before, after = queries.list_next_to(found, origin) if origin else (None, None)
    return render_template(
        "programme/session.html",
        session=found,
        title=said(found.title, current_locale()),
        abstract=said(found.abstract, current_locale()),
        placements=placements,
        origin=origin,
        receiving=[p for p in placements if p is not origin],
        same_time=len({(p.starts_at, p.ends_at) for p in placements}) < 2,
        before=before,
        after=after,
        kind_names=SESSION_KIND_NAMES,
        mode_names=MODE_NAMES,
        part_names=PART_KIND_NAMES,
    )


@bp.get("/<edition_code>/sessions/<code>.ics")
@open_to_all
@kept(by_host=True)
def session_calendar(code: str) -> ResponseReturnValue:
    entries = [entry for entry in queries.list_entries(g.edition.id) if entry.code == code]
    if not entries:
        raise NotFound
    places = {site.id: site for site in sites.list_sites(g.edition.id)}
    showings = queries.list_showings(g.edition.id, session_id=entries[0].id)
    events = feeds.session_events(entries, showings, places, urls=_urls(entries), locale=current_locale())
    return _calendar(events, pick(entries[0].title, current_locale()))


@bp.get("/<edition_code>/sites/", endpoint="sites")
@open_to_all
@kept()
def list_of_sites() -> ResponseReturnValue:
    return render_template(
        "sites/index.html", sites=sites.list_sites(g.edition.id), kind_names=SITE_KIND_NAMES
    )


@bp.get("/<edition_code>/sites/<site_code>")
@open_to_all
@kept()
def site(site_code: str) -> ResponseReturnValue:
    found = sites.get_site(g.edition.id, site_code)
    return render_template(
        "sites/show.html",
        site=found,
        days=Programme(g.edition).site_days(found),
        zone=zone_name(g.edition),
        kind_names=SITE_KIND_NAMES,
    )


@bp.get("/<edition_code>/sites/<site_code>.ics")
@open_to_all
@kept(by_host=True)
def site_calendar(site_code: str) -> ResponseReturnValue:
    found = sites.get_site(g.edition.id, site_code)
    entries = queries.list_entries(g.edition.id)
    showings = queries.list_showings(g.edition.id, site_id=found.id)
    events = feeds.site_events(entries, showings, found, urls=_urls(entries), locale=current_locale())
    name = f"{pick(g.edition.name, current_locale())} · {pick(found.name, current_locale())}"
    return _calendar(events, name)


def _chosen_site(programme: Programme) -> Site | None:
    """The site that the address names; what names none is no address of ours, so that nobody makes us keep it."""
    code = request.args.get("site")
    if not code:
        return None
    for known in programme.sites:
        if known.code == code:
            return known
    raise NotFound


def _chosen_kind() -> SessionKind | None:
    value = request.args.get("kind")
    if not value:
        return None
    try:
        return SessionKind(value)
    except ValueError:
        raise NotFound from None


def _of_kind(kind: SessionKind | None) -> Callable[[Entry], bool]:
    return lambda entry: kind is None or entry.kind is kind


def _urls(entries: list[Entry]) -> dict[int, str]:
    return {entry.id: addresses.address("programme_public.session", code=entry.code) for entry in entries}


def _calendar(events: list[calendars.CalendarEvent], name: str) -> Response:
    # Stamped with the last change and not with the clock, so that it is the same file until something changes.
    last = max((event.updated_at for event in events), default=datetime(2000, 1, 1, tzinfo=UTC))
    body = calendars.calendar_of(events, name=name, time_zone=g.edition.time_zone, at=last)
    return Response(body, content_type=calendars.MEDIA_TYPE)
