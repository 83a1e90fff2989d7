"""Pages for everybody: the programme in every order, a session, the sites; and their calendars."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from dxday.core.errors import NotFound
from dxday.core.i18n import pick
from dxday.core.markup import plain_each
from dxday.programme import announcing, feeds, queries, search
from dxday.programme.rules import MODE_NAMES, PART_KIND_NAMES, SESSION_KIND_NAMES, PlacementRole, public_link
from dxday.programme.shown import Programme, Wanted, language_name, said, zone_name
from dxday.programme.views.shared import (
    ALL_DAYS,
    Choice,
    both,
    calendar_of,
    now_line,
    of_events,
    sites_by_id,
)
from dxday.sites import queries as sites
from dxday.sites.rules import SITE_KIND_NAMES
from dxday.web.access import open_to_all
from dxday.web.kept import kept
from dxday.web.languages import current_locale
from dxday.web.limits import limiter

bp = Blueprint("programme_public", __name__)

VIEWS = ("time", "sites", "tracks", "languages")


@bp.get("/<edition_code>/schedule")
@open_to_all
@limiter.limit("120 per minute", exempt_when=lambda: "q" not in request.args)
@kept("view", "site", "kind", "track", "language", "day", minutes=5, by_host=True, alone=("q",))
def schedule() -> ResponseReturnValue:
    programme = Programme(g.edition)
    view = request.args.get("view", VIEWS[0])
    if view not in VIEWS:
        raise NotFound
    choice = Choice(programme)
    question = " ".join(request.args.get("q", "").split())[: search.LONGEST]
    words = search.words_of(question)
    shown = _results(programme, choice, words) if words else _views(programme, choice, view)
    return render_template(
        "programme/schedule.html",
        programme=programme,
        zone=zone_name(g.edition),
        view=view,
        choice=choice,
        all_days=ALL_DAYS,
        question=question,
        kind_names=SESSION_KIND_NAMES,
        language_name=language_name,
        now=now_line(),
        linked=_linked(programme),
        **{"days": [], "pages": [], "groups": [], "results": None, **shown},
    )


def _linked(programme: Programme) -> object:
    locale = current_locale()
    sessions = announcing.describe_sessions(
        g.edition, programme.entries.values(), programme.showings, locale=locale, sites=programme.sites
    )
    return announcing.describe_edition(g.edition, locale=locale, sites=programme.sites, sessions=sessions)


def _views(programme: Programme, choice: Choice, view: str) -> dict[str, object]:
    """Return what the template shows: time tables, a sheet for each site, or a list for each track or language."""
    if view in ("tracks", "languages"):
        return {"groups": _groups(programme, choice, view)}
    if choice.site is None and view == "time":
        return {"days": programme.grid(choice.wants, on=choice.on)}
    shown = [choice.site] if choice.site else programme.sites
    return {"pages": [(site, programme.site_days(site, choice.wants, on=choice.on)) for site in shown]}


def _groups(programme: Programme, choice: Choice, view: str) -> list[tuple[str, str, object]]:
    """Return code, heading and days of each track, those without one last; or of each language."""
    if view == "languages":
        wanted = [(code, name, _in_language(code)) for code, name in programme.languages()]
    else:
        tracks = programme.used_tracks()
        wanted = [(track.code, said(track.name, current_locale()), _in_track(track.id)) for track in tracks]
        wanted.append(("", "", _in_track(None)))
    groups = [
        (code, name, programme.list_days(both(choice.wants, is_in), site=choice.site, on=choice.on))
        for code, name, is_in in wanted
    ]
    return [group for group in groups if group[2]]


def _in_language(code: str) -> Wanted:
    return lambda entry: entry.language == code


def _in_track(track_id: int | None) -> Wanted:
    return lambda entry: entry.track_id == track_id


def _results(programme: Programme, choice: Choice, words: list[str]) -> dict[str, object]:
    found = search.find_sessions(g.edition, words)
    if choice.site:
        found &= {showing.session_id for showing in programme.site_showings(choice.site)}
    count, days = programme.results(
        words, both(choice.wants, lambda entry: entry.id in found), site=choice.site, on=choice.on
    )
    return {"results": days, "count": count}


@bp.get("/<edition_code>/schedule.ics")
@open_to_all
@kept(by_host=True)
def calendar() -> ResponseReturnValue:
    entries = queries.list_entries(g.edition.id)
    showings = queries.list_showings(g.edition.id)
    events = feeds.session_events(entries, showings, sites_by_id(), **of_events(entries))
    return calendar_of(events, pick(g.edition.name, current_locale()))


@bp.get("/<edition_code>/sessions/<code>")
@open_to_all
@kept(by_host=True)
def session(code: str) -> ResponseReturnValue:
    found = queries.get_public_session(g.edition.id, code)
    placements = sorted(
        (p for p in found.placements if p.cancelled_at is None or found.state == "cancelled"),
        key=lambda p: (p.role is not PlacementRole.ORIGIN, p.site.position, p.id),
    )
    origin = next((p for p in placements if p.role is PlacementRole.ORIGIN), None)
    before, after = queries.list_next_to(found, origin) if origin else (None, None)
    locale = current_locale()
    return render_template(
        "programme/session.html",
        session=found,
        title=said(found.title, locale),
        subtitle=said(found.subtitle, locale),
        abstract=said(plain_each(found.abstract), locale),
        description=said(plain_each(found.description), locale),
        language=language_name(found.language),
        language_name=language_name,
        zone=zone_name(g.edition),
        placements=placements,
        origin=origin,
        receiving=[p for p in placements if p is not origin],
        links={p.id: public_link(p.mode, p.join_url) for p in placements if p.cancelled_at is None},
        same_time=len({(p.starts_at, p.ends_at) for p in placements}) < 2,
        before=before,
        after=after,
        kind_names=SESSION_KIND_NAMES,
        mode_names=MODE_NAMES,
        part_names=PART_KIND_NAMES,
        linked=announcing.describe_session(g.edition, found, placements, locale=locale),
    )


@bp.get("/<edition_code>/sessions/<code>.ics")
@open_to_all
@kept(by_host=True)
def session_calendar(code: str) -> ResponseReturnValue:
    entries = [entry for entry in queries.list_entries(g.edition.id) if entry.code == code]
    if not entries:
        raise NotFound
    showings = queries.list_showings(g.edition.id, session_id=entries[0].id)
    events = feeds.session_events(entries, showings, sites_by_id(), **of_events(entries))
    return calendar_of(events, pick(entries[0].title, current_locale()))


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
    events = feeds.site_events(entries, showings, found, **of_events(entries))
    name = f"{pick(g.edition.name, current_locale())} · {pick(found.name, current_locale())}"
    return calendar_of(events, name)
