"""Pages: postponing and cancelling, with what follows shown before it is done; and how far telling has come."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.changes import plans, queries, rules, services, words
from dxday.changes.forms import (
    ActForm,
    CancelForm,
    PostponeEditionForm,
    PostponeSessionForm,
    PostponeSiteForm,
)
from dxday.changes.models import Notice
from dxday.changes.plans import Plan
from dxday.changes.queries import ReminderMove
from dxday.changes.rules import NOTICE_NAMES
from dxday.core import clock
from dxday.core.errors import Refusal, Stale
from dxday.core.i18n import LOCALES, Translations
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.programme import queries as programme
from dxday.programme.models import Session
from dxday.programme.rules import PlacementRole, SessionState
from dxday.sites import queries as sites
from dxday.web.access import requires
from dxday.web.filters import day_short, local, number, text, zone
from dxday.web.forms import translations
from dxday.web.languages import current_locale

bp = Blueprint("changes", __name__, url_prefix="/manage/<edition_code>/change-of-plan")

SHOWN = 40
"""Sessions that a preview lists; the rest is counted."""

Act = Callable[..., Notice]


@bp.get("")
@requires(Permission.PLAN_CHANGE)
def index() -> ResponseReturnValue:
    return render_template(
        "changes/index.html",
        sites=sites.list_sites(g.edition.id),
        sessions=[row for row in programme.list_rows(g.edition.id) if row.state is SessionState.PUBLISHED],
        notices=queries.list_notices(g.edition.id),
        names=NOTICE_NAMES,
        now=clock.now(),
    )


@bp.route("/edition/postpone", methods=["GET", "POST"])
@requires(Permission.PLAN_CHANGE)
def postpone_edition() -> ResponseReturnValue:
    form = PostponeEditionForm()
    return _ask(
        form,
        _("Postpone the edition"),
        about=text(g.edition.name),
        explained=[
            _(
                "Everything moves by the same number of days and keeps its hours and rooms: the days of "
                "the edition, its ceremony, the closing of registration, and every session that is not "
                "cancelled."
            ),
            _(
                "Places and seats are kept. Nominations stay open as they are, since the council works "
                "by its own calendar."
            ),
        ],
        plan=lambda now: plans.edition_postponed(g.edition, _given(form.first_day.data), now=now),
        act=lambda **given: services.postpone_edition(
            g.edition, first_day=_given(form.first_day.data), **given
        ),
        button=_("Postpone the edition"),
    )


@bp.route("/edition/cancel", methods=["GET", "POST"])
@requires(Permission.PLAN_CHANGE)
def cancel_edition() -> ResponseReturnValue:
    return _ask(
        CancelForm(),
        _("Cancel the edition"),
        about=text(g.edition.name),
        explained=[
            _(
                "Every session that is still to come is cancelled, and registration and nominations "
                "close at once. It cannot be taken back."
            ),
            _(
                "Places, seats, nominations and honours are kept as they are, as evidence. What took "
                "place already stays."
            ),
        ],
        plan=lambda now: plans.edition_cancelled(g.edition, now=now),
        act=lambda **given: services.cancel_edition(g.edition, **given),
        button=_("Cancel the edition"),
    )


@bp.route("/sites/<site_code>/postpone", methods=["GET", "POST"])
@requires(Permission.PLAN_CHANGE)
def postpone_site(site_code: str) -> ResponseReturnValue:
    site = sites.get_site(g.edition.id, site_code)
    form = PostponeSiteForm()
    return _ask(
        form,
        _("Move what is held at a site"),
        about=text(site.name),
        explained=[
            _(
                "Sessions that are held at this site and still to come move by whole days, with every "
                "site that receives them, within the days of the edition."
            ),
            _(
                "What the site only receives stays: it comes from another site at its own time. If the "
                "site cannot receive it on that day, cancel the site instead."
            ),
        ],
        plan=lambda now: plans.site_postponed(g.edition, site, form.days.data or 0, now=now),
        act=lambda **given: services.postpone_site(g.edition, site, days=form.days.data or 0, **given),
        button=_("Move these sessions"),
    )


@bp.route("/sites/<site_code>/cancel", methods=["GET", "POST"])
@requires(Permission.PLAN_CHANGE)
def cancel_site(site_code: str) -> ResponseReturnValue:
    site = sites.get_site(g.edition.id, site_code)
    return _ask(
        CancelForm(),
        _("Cancel a site"),
        about=text(site.name),
        explained=[
            _(
                "The site receives nothing any more and takes no registrations. What is held there is "
                "cancelled at every site that receives it. It cannot be taken back."
            ),
            _(
                "Places there are kept: people are told, and move to another site or take part online "
                "with their own link."
            ),
        ],
        plan=lambda now: plans.site_cancelled(g.edition, site, now=now),
        act=lambda **given: services.cancel_site(g.edition, site, **given),
        button=_("Cancel the site"),
    )


@bp.route("/sessions/<code>/postpone", methods=["GET", "POST"])
@requires(Permission.PLAN_CHANGE)
def postpone_session(code: str) -> ResponseReturnValue:
    session = programme.get_session(g.edition.id, code)
    form = PostponeSessionForm(data=_times_of(session))
    return _ask(
        form,
        _("Postpone a session"),
        about=text(session.title),
        explained=[
            _(
                "The session keeps its rooms; every site that receives it moves with it, within the days "
                "of the edition. People are told at once."
            ),
        ],
        plan=lambda now: plans.session_postponed(g.edition, session, form.starts_at, form.ends_at, now=now),
        act=lambda **given: services.postpone_session(
            g.edition, session, starts_at=form.starts_at, ends_at=form.ends_at, **given
        ),
        button=_("Postpone the session"),
    )


@bp.route("/sessions/<code>/cancel", methods=["GET", "POST"])
@requires(Permission.PLAN_CHANGE)
def cancel_session(code: str) -> ResponseReturnValue:
    session = programme.get_session(g.edition.id, code)
    return _ask(
        CancelForm(),
        _("Cancel a session"),
        about=text(session.title),
        explained=[
            _(
                "It is cancelled at every site, its rooms are free, and people are told at once. It "
                "cannot be taken back."
            ),
        ],
        plan=lambda now: plans.session_cancelled(g.edition, session, now=now),
        act=lambda **given: services.cancel_session(g.edition, session, **given),
        button=_("Cancel the session"),
    )


@bp.get("/notices/<int:notice_id>")
@requires(Permission.PLAN_CHANGE)
def notice(notice_id: int) -> ResponseReturnValue:
    found = queries.get_notice(g.edition.id, notice_id)
    changes = queries.list_changes(found)
    known = sites.list_sites(g.edition.id)
    site = next((each for each in known if each.id == found.site_id), None)
    lines = words.lines(
        changes,
        locale=current_locale(),
        zone=zone(),
        rooms={room.id: room.name for each in known for room in each.rooms},
        sites={each.id: each.name for each in known},
    )
    return render_template(
        "changes/notice.html",
        notice=found,
        name=NOTICE_NAMES[found.scope, found.act],
        site=site,
        lines=lines[:SHOWN],
        more=max(0, len(lines) - SHOWN),
        left=queries.count_to_tell(found),
    )


@bp.get("/notices/<int:notice_id>/progress")
@requires(Permission.PLAN_CHANGE)
def notice_progress(notice_id: int) -> ResponseReturnValue:
    found = queries.get_notice(g.edition.id, notice_id)
    all_of_them = found.told + queries.count_to_tell(found)
    return {
        "value": found.told,
        "max": all_of_them,
        "text": _("%(value)s of %(max)s", value=number(found.told), max=number(all_of_them)),
        "done": found.told_at is not None,
    }


# Asking, showing, doing ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Preview:
    """What follows, as the page shows it."""

    plan: Plan
    rows: Sequence[dict[str, str]]
    more: int
    audience: queries.Audience
    told: Sequence[tuple[str, str, str]]
    windows: Sequence[tuple[str, str, str]]
    reminders: Sequence[ReminderMove]
    kept: int


class _Foreseen(Exception):
    """Undoes what was only tried, and carries what was seen."""

    def __init__(self, reminders: queries.Reminders) -> None:
        super().__init__()
        self.reminders = reminders


def _ask(
    form: ActForm,
    heading: str,
    *,
    about: str,
    explained: Sequence[str],
    plan: Callable[[datetime], Plan],
    act: Act,
    button: str,
) -> ResponseReturnValue:
    """Ask; show what follows; do it when it was confirmed and is still the same."""
    page: dict[str, Any] = {"heading": heading, "about": about, "explained": explained, "button": button}
    now = clock.now()
    if not form.validate_on_submit():
        form.seen.data = ""
        return render_template("changes/ask.html", form=form, **page)
    reason = translations(form, "reason")
    status = 200
    if form.is_answer:
        try:
            with db.transaction():
                notice = act(reason=reason, seen=form.seen.data, sure=form.sure.data, actor=g.actor, now=now)
        except (Stale, rules.NotConfirmed) as refusal:
            form.refuse(refusal)
            status = refusal.status
        except Refusal as refusal:
            form.refuse(refusal)
            form.seen.data = ""
            return render_template("changes/ask.html", form=form, **page), refusal.status
        else:
            flash(_("Done. Everybody whom it concerns is being told."), "success")
            return redirect(url_for(".notice", notice_id=notice.id))
    try:
        preview = _foresee(plan, act, reason, now)
    except Refusal as refusal:
        form.refuse(refusal)
        form.seen.data = ""
        return render_template("changes/ask.html", form=form, **page), refusal.status
    form.seen.data, form.sure.data = preview.plan.fingerprint, False
    return render_template("changes/preview.html", form=form, preview=preview, **page), status


def _foresee(plan: Callable[[datetime], Plan], act: Act, reason: Translations, now: datetime) -> Preview:
    """Try the act and undo it, so that what is shown is what happens, refusals and reminders included."""
    foreseen = plan(now)
    before = queries.list_reminders(g.edition.id, now=now)
    after: queries.Reminders = before
    try:
        with db.transaction():
            act(reason=reason, seen=foreseen.fingerprint, sure=True, actor=g.actor, now=now)
            raise _Foreseen(queries.list_reminders(g.edition.id, now=now))
    except _Foreseen as seen:
        after = seen.reminders
    rows = _rows(foreseen)
    audience = queries.count_audience(foreseen.reach)
    return Preview(
        plan=foreseen,
        rows=rows[:SHOWN],
        more=max(0, len(rows) - SHOWN),
        audience=audience,
        told=_told(audience),
        windows=[(str(w.label), _when(w.was), _when(w.becomes)) for w in foreseen.windows],
        reminders=queries.compare_reminders(before, after),
        kept=queries.count_places(g.edition.id, site_id=foreseen.site_id),
    )


def _rows(plan: Plan) -> list[dict[str, str]]:
    """One row for each session: what it is called, when it was to be, when it is now, at how many sites."""
    grouped: dict[int, list[tuple[Any, str, str]]] = {}
    for move in plan.moves:
        was = words.between(move.standing.starts_at, move.standing.ends_at, zone())
        becomes = words.between(move.starts_at, move.ends_at, zone())
        grouped.setdefault(move.standing.session_id, []).append((move.standing, was, becomes))
    for standing in plan.cancelled:
        was = words.between(standing.starts_at, standing.ends_at, zone())
        whole = standing.session_id in plan.whole
        becomes = _("cancelled") if whole else _("not received here")
        grouped.setdefault(standing.session_id, []).append((standing, was, becomes))
    rows = []
    for of_session in grouped.values():
        standing, was, becomes = next(
            (each for each in of_session if each[0].role is PlacementRole.ORIGIN), of_session[0]
        )
        rows.append(
            {
                "title": text(standing.title),
                "draft": _("Draft: nobody is told") if standing.state is SessionState.DRAFT else "",
                "was": was,
                "becomes": becomes,
                "sites": number(len({each[0].site_id for each in of_session})),
            }
        )
    return rows


def _told(audience: queries.Audience) -> list[tuple[str, str, str]]:
    """Who is told, how many in which language, and how many together: one row for a site, so the end is near."""
    told: dict[str, list[tuple[str, int]]] = {}
    for name, locale, count in audience.registrants:
        told.setdefault(text(name), []).append((locale, count))
    for locale, count in audience.people:
        told.setdefault(_("Only with a part in it"), []).append((locale, count))
    return [
        (
            who,
            ", ".join(f"{LOCALES.get(locale, locale)} {number(count)}" for locale, count in split),
            number(sum(count for _locale, count in split)),
        )
        for who, split in told.items()
    ]


def _when(value: date | datetime | None) -> str:
    if value is None:
        return _("now")
    if isinstance(value, datetime):
        return f"{local(value):%d/%m/%Y %H:%M}"
    return day_short(value)


def _times_of(session: Session) -> dict[str, object]:
    origin = programme.origin_of(session)
    begins, ends = local(origin.starts_at), local(origin.ends_at)
    return {"day": begins.date(), "begins": begins.time(), "ends": ends.time()}


def _given(day: date | None) -> date:
    assert day is not None  # the form asked for it
    return day
