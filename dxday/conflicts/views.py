"""Pages: what stands against the programme, its rules and limits, ways between sites, and availability."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.accounts import queries as accounts
from dxday.accounts.models import Person
from dxday.conflicts import queries, services
from dxday.conflicts.facts import Of
from dxday.conflicts.forms import AvailabilityForm, OverrideForm, RulesForm, rules_answers, travel_form
from dxday.conflicts.rules import LEVEL_NAMES, RULES, Finding, Level
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.programme.forms import ActForm
from dxday.programme.shown import zone_name
from dxday.sites import queries as sites
from dxday.sites.models import Room, Site
from dxday.web.access import requires
from dxday.web.converters import row_id
from dxday.web.filters import text
from dxday.web.forms import clean_line, seen_version

bp = Blueprint("conflicts", __name__, url_prefix="/manage/<edition_code>/programme")

PAGE = 50
OVERRIDDEN = "overridden"


class Wanted(NamedTuple):
    """Which findings the reader wants to see; None is all."""

    level: str | None
    rule: str | None
    site: str | None
    session: str | None


@bp.context_processor
def _names() -> dict[str, Any]:
    return {"zone": zone_name(g.edition) if g.edition else ""}


@bp.get("/check")
@requires(Permission.PROGRAMME_EDIT)
def index() -> ResponseReturnValue:
    found = queries.list_findings(g.edition.id)
    wanted = Wanted(*(request.args.get(name) or None for name in Wanted._fields))
    fitting = [each for each in found if _fits(each, wanted)]
    counts = Counter(_group_of(each) for each in fitting)
    listed = [each for each in fitting if wanted.level in (None, _group_of(each))]
    listed.sort(key=lambda each: each.override is not None)
    page = max(1, request.args.get("page", 1, type=row_id))
    return render_template(
        "conflicts/index.html",
        wanted=wanted,
        total=len(found),
        groups=_grouped(listed[(page - 1) * PAGE : page * PAGE]),
        group_names=_group_names(),
        counts=counts,
        shown=len(listed),
        page=page,
        pages=-(-len(listed) // PAGE),
        rules=[(code, RULES[code].name) for code in RULES if any(each.rule == code for each in found)],
        sites=[(site.code, text(site.name)) for site in sites.list_sites(g.edition.id)],
    )


def _fits(found: Finding, wanted: Wanted) -> bool:
    return (
        wanted.rule in (None, found.rule)
        and (wanted.site is None or wanted.site in found.site_codes)
        and (wanted.session is None or wanted.session in found.codes)
    )


def _group_of(found: Finding) -> str:
    return found.level.value if found.override is None else OVERRIDDEN


def _group_names() -> dict[str, str]:
    """The groups of findings in the order in which they are shown."""
    names = {level.value: str(LEVEL_NAMES[level]) for level in reversed(Level) if level is not Level.IGNORE}
    return {**names, OVERRIDDEN: _("May stand, with a reason")}


def _grouped(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    groups: dict[str, list[Finding]] = {name: [] for name in _group_names()}
    for found in findings:
        groups[_group_of(found)].append(found)
    return {name: listed for name, listed in groups.items() if listed}


@bp.route("/check/override", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def override() -> ResponseReturnValue:
    rule, key = (clean_line(request.args.get(name, "")) for name in ("rule", "key"))
    found = queries.find_finding(g.edition.id, rule, key)
    if found is None:
        raise NotFound
    kept = queries.map_overrides(g.edition.id).get(found.name)
    form = OverrideForm(data={"reason": kept.reason if kept is not None else ""})
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.override_finding(
                    g.edition, rule, key, reason=form.reason.data or "", actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("It may stand now, and the reason is kept."), "success")
            return redirect(url_for(".index"))
    return render_template("conflicts/override.html", form=form, found=found, kept=kept), status


@bp.post("/check/override/remove")
@requires(Permission.PROGRAMME_EDIT)
def remove_override() -> ResponseReturnValue:
    if ActForm().validate_on_submit():
        with db.transaction():
            services.remove_override(
                g.edition,
                clean_line(request.form.get("rule", "")),
                clean_line(request.form.get("key", "")),
                actor=g.actor,
                now=clock.now(),
            )
        flash(_("It counts again."), "success")
    return redirect(url_for(".index"))


@bp.route("/rules", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def rules() -> ResponseReturnValue:
    setting = queries.find_setting(g.edition.id)
    answers = rules_answers(
        queries.get_limits(g.edition.id),
        queries.map_levels(g.edition.id),
        setting.version if setting is not None else 0,
    )
    form = RulesForm(data=answers)
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.set_rules(
                    g.edition,
                    seen=seen_version(form.version),
                    levels=form.levels,
                    limits=form.limits,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            form.version.data = str(answers["version"])
            status = refusal.status
        else:
            flash(_("Saved. The check goes by it from now on."), "success")
            return redirect(url_for(".rules"))
    return render_template("conflicts/rules.html", form=form), status


@bp.get("/travel")
@requires(Permission.PROGRAMME_EDIT)
def travel() -> ResponseReturnValue:
    known: Counter[int] = Counter()
    for pair in queries.map_travel(g.edition.id):
        known.update(pair)
    return render_template(
        "conflicts/travel.html",
        sites=sites.list_sites(g.edition.id),
        known=known,
        limits=queries.get_limits(g.edition.id),
    )


@bp.route("/travel/<site_code>", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def travel_from(site_code: str) -> ResponseReturnValue:
    places = sites.list_sites(g.edition.id)
    site = next((each for each in places if each.code == site_code), None)
    if site is None:
        raise NotFound
    others = [each for each in places if each is not site]
    lengths = {
        way.other_id if way.one_id == site.id else way.one_id: way.length
        for way in queries.list_ways(g.edition.id, site.id)
    }
    form = travel_form(others)(data=_as_minutes(lengths))
    if form.validate_on_submit():
        with db.transaction():
            services.set_travel(g.edition, site, form.lengths(others), actor=g.actor, now=clock.now())
        flash(_("The ways from %(site)s were saved.", site=text(site.name)), "success")
        return redirect(url_for(".travel"))
    return render_template(
        "conflicts/travel_from.html",
        form=form,
        site=site,
        others=others,
        limits=queries.get_limits(g.edition.id),
    )


def _as_minutes(lengths: dict[int, Any]) -> dict[str, int]:
    return {f"to_{site_id}": int(length.total_seconds() // 60) for site_id, length in lengths.items()}


@bp.route("/availability", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def availability() -> ResponseReturnValue:
    people, places = accounts.list_people(), sites.list_sites(g.edition.id)
    day = g.edition.starts_on
    form = AvailabilityForm(people=people, sites=places, data={"first_day": day, "last_day": day})
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.add_availability(
                    g.edition,
                    _thing(form, people, places),
                    starts_at=form.starts_at,
                    ends_at=form.ends_at,
                    available=form.says.data == "yes",
                    note=form.note.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("The time was added."), "success")
            return redirect(url_for(".availability"))
    return render_template(
        "conflicts/availability.html", form=form, times=queries.list_availability(g.edition.id)
    ), status


def _thing(form: AvailabilityForm, people: list[Person], places: list[Site]) -> Person | Room | Site:
    of, number = form.of
    things: dict[Of, list[Any]] = {
        Of.PERSON: people,
        Of.SITE: places,
        Of.ROOM: [room for site in places for room in site.rooms],
    }
    found: Person | Room | Site = next(thing for thing in things[of] if thing.id == number)
    return found


@bp.post("/availability/<int:window_id>/remove")
@requires(Permission.PROGRAMME_EDIT)
def remove_availability(window_id: int) -> ResponseReturnValue:
    window = queries.get_availability(g.edition.id, window_id)
    if ActForm().validate_on_submit():
        with db.transaction():
            services.remove_availability(window, actor=g.actor, now=clock.now())
        flash(_("The time was removed."), "success")
    return redirect(url_for(".availability"))
