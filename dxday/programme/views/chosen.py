"""Pages of a few sessions: one's own selection, kept by its address alone, and what one person has a part in."""

from uuid import UUID

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from dxday.core.i18n import pick
from dxday.core.intervals import Interval, find_overlapping
from dxday.programme import feeds, queries
from dxday.programme.rules import PART_KIND_NAMES, PartKind, chosen_codes
from dxday.programme.shown import Programme, zone_name
from dxday.programme.views.shared import Choice, calendar_of, of_events, sites_by_id
from dxday.web.access import open_to_all
from dxday.web.kept import kept
from dxday.web.languages import current_locale
from dxday.web.limits import limiter

bp = Blueprint("programme_chosen", __name__)


@bp.get("/<edition_code>/schedule/mine")
@open_to_all
@limiter.limit("120 per minute")
@kept(alone=("s", "site"))
def mine() -> ResponseReturnValue:
    programme = Programme(g.edition)
    site = Choice(programme).site
    codes = chosen_codes(request.args.get("s", ""))
    wanted = set(codes)
    days = programme.list_days(lambda entry: entry.code in wanted, site=site)
    slots = [slot for day in days for slot in day.slots]
    known = [code for code in codes if code in {slot["code"] for slot in slots}]
    clashing = find_overlapping(
        ("mine", Interval(slot["starts"], slot["ends"]), slot["code"]) for slot in slots if not slot["state"]
    )
    return render_template(
        "programme/mine.html",
        programme=programme,
        zone=zone_name(g.edition),
        days=days,
        codes=known,
        lost=len(codes) - len(known),
        site=site,
        clashing={code for pair in clashing for code in pair},
    )


@bp.get("/<edition_code>/schedule/mine.ics")
@open_to_all
@limiter.limit("120 per minute")
@kept(by_host=True, alone=("s", "site"))
def calendar() -> ResponseReturnValue:
    wanted = set(chosen_codes(request.args.get("s", "")))
    places = sites_by_id()
    by_code = {site.code: site.id for site in places.values()}
    site_id = by_code.get(request.args.get("site", ""))
    entries = [entry for entry in queries.list_entries(g.edition.id) if entry.code in wanted]
    events = feeds.chosen_events(
        entries,
        queries.list_showings(g.edition.id),
        places,
        {entry.id: site_id for entry in entries},
        **of_events(entries),
    )
    return calendar_of(events, pick(g.edition.name, current_locale()))


@bp.get("/<edition_code>/people/<uuid:guid>")
@open_to_all
@kept()
def person(guid: UUID) -> ResponseReturnValue:
    found, parts = queries.get_person(g.edition.id, guid)
    programme = Programme(g.edition)
    by_code: dict[str, list[PartKind]] = {}
    for part in parts:
        kinds = by_code.setdefault(programme.entries[part.session_id].code, [])
        if part.kind not in kinds:
            kinds.append(part.kind)
    return render_template(
        "programme/person.html",
        person=found,
        days=programme.list_days(lambda entry: entry.code in by_code),
        parts=by_code,
        part_names=PART_KIND_NAMES,
        zone=zone_name(g.edition),
    )


@bp.get("/<edition_code>/people/<uuid:guid>.ics")
@open_to_all
@kept(by_host=True)
def person_calendar(guid: UUID) -> ResponseReturnValue:
    found, parts = queries.get_person(g.edition.id, guid)
    chosen = {part.session_id: part.site_id for part in parts}
    entries = [entry for entry in queries.list_entries(g.edition.id) if entry.id in chosen]
    events = feeds.chosen_events(
        entries, queries.list_showings(g.edition.id), sites_by_id(), chosen, **of_events(entries)
    )
    return calendar_of(events, f"{pick(g.edition.name, current_locale())} · {found.full_name}")
