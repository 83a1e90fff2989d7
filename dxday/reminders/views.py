"""Pages of reminders: the list, writing a rule, who would get it, switching it on and off."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from dxday import db
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound, Refusal, Stale
from dxday.core.i18n import LOCALES
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.editions import queries as editions
from dxday.notifications import previews, wording
from dxday.notifications.rules import CARRIAGE_NAMES, Channel
from dxday.reminders import offers, queries, services, shown
from dxday.reminders.forms import OWN_LANGUAGE, ActForm, CopyForm, RuleForm, TrialForm
from dxday.reminders.models import ReminderRule
from dxday.reminders.offers import Audience
from dxday.reminders.queries import Forecast, ForecastPerson
from dxday.reminders.rules import Direction, LateJoiners, NameTaken, Unit
from dxday.runs import queries as runs
from dxday.web.access import requires
from dxday.web.filters import text
from dxday.web.forms import Form, seen_version, spread

bp = Blueprint("reminders", __name__, url_prefix="/manage/<edition_code>/reminders")

PAGE = 20
LINES = 25
JOB = "reminders"
"""The job of the timetable that reminds."""
MADE_UP = "sample"
"""In the place of a person: somebody made up."""
PROPOSED: dict[str, Any] = {
    "amount": 1,
    "unit": Unit.DAYS.value,
    "direction": Direction.BEFORE.value,
    "at_time": time(9),
    "quiet_from": time(21),
    "quiet_until": time(7),
    "late_joiners": LateJoiners.SKIP.value,
    "channel": Channel.MAIL.value,
    "locale": OWN_LANGUAGE,
}
"""What a new rule begins with: nobody is woken by a reminder, and nobody told at once what they have just read."""

CARRIAGE_SHAPES = {
    Carriage.QUEUED: "neutral",
    Carriage.CLAIMED: "info",
    Carriage.DONE: "good",
    Carriage.FAILED: "bad",
    Carriage.UNKNOWN: "warn",
    Carriage.WITHHELD: "neutral",
    Carriage.BOUNCED: "bad",
    Carriage.CANCELLED: "neutral",
}


@bp.context_processor
def _names() -> dict[str, Any]:
    return {
        "fate_names": shown.FATE_NAMES,
        "fate_shapes": shown.FATE_SHAPES,
        "reason_names": shown.REASON_NAMES,
        "reason_shapes": shown.REASON_SHAPES,
    }


# The list, and what puts rules into it -------------------------------------------------------------------------------


@bp.get("")
@requires(Permission.REMINDER_EDIT)
def index() -> ResponseReturnValue:
    listed = queries.list_rules(g.edition.id)
    sent = queries.count_sent([rule.id for rule in listed])
    next_at = queries.next_due(listed, clock.now())
    rows = [
        shown.row(said, next_at[said.rule.id], sent[said.rule.id])
        for said in shown.describe(listed, g.edition)
    ]
    return render_template("reminders/index.html", rows=rows, ledger=_ledger)


@bp.post("/usual")
@requires(Permission.REMINDER_EDIT)
def add_usual() -> ResponseReturnValue:
    form = Form()
    if form.validate_on_submit():
        with db.transaction():
            added = services.add_usual_rules(g.edition, actor=g.actor, now=clock.now())
        _tell_added(len(added), nothing=_("The usual reminders are here already."))
    return _back(form, url_for(".index"))


@bp.route("/copy", methods=["GET", "POST"])
@requires(Permission.REMINDER_EDIT)
def copy() -> ResponseReturnValue:
    others = {
        edition.code: edition
        for edition in editions.list_editions()
        if edition.id != g.edition.id and g.actor.may(Permission.REMINDER_EDIT, edition_id=edition.id)
    }
    form = CopyForm(editions=[(code, text(edition.name)) for code, edition in others.items()])
    if form.validate_on_submit():
        with db.transaction():
            copied = services.copy_rules(others[form.edition.data], g.edition, actor=g.actor, now=clock.now())
        _tell_added(len(copied), nothing=_("Nothing to copy: that edition has no reminder that is not here."))
        return redirect(url_for(".index"))
    return render_template("reminders/copy.html", form=form, editions=others)


@bp.get("/new")
@requires(Permission.REMINDER_EDIT)
def choose() -> ResponseReturnValue:
    offered = [
        (
            audience.label,
            url_for(".new", audience=audience.name),
            _("counted from %(moments)s", moments=", ".join(str(each.label) for each in audience.moments)),
        )
        for audience in offers.known().values()
    ]
    return render_template("reminders/choose.html", offered=offered)


@bp.route("/new/<audience>", methods=["GET", "POST"])
@requires(Permission.REMINDER_EDIT)
def new(audience: str) -> ResponseReturnValue:
    chosen = offers.known().get(audience)
    if chosen is None:
        raise NotFound
    form = _rule_form(chosen, PROPOSED | {"moment": chosen.moments[0].name})
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                answers = {"audience": chosen.name, **form.answers()}
                rule = _there_already(answers) or services.add_rule(
                    g.edition, actor=g.actor, now=clock.now(), **answers
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("“%(name)s” was added, switched off. Look who would get it.", name=rule.name), "success")
            return redirect(url_for(".show", rule_id=rule.id))
    return _form_page(form, chosen), status


# One rule ------------------------------------------------------------------------------------------------------------


@bp.get("/<int:rule_id>")
@requires(Permission.REMINDER_EDIT)
def show(rule_id: int) -> ResponseReturnValue:
    rule = queries.get_rule(g.edition.id, rule_id)
    now = clock.now()
    audience = offers.known().get(rule.audience)
    forecast = queries.forecast(rule, now)
    concerned = sum(forecast.counts.values())
    page, pages = _paged("page", concerned, PAGE)
    lines = [line for line in forecast.lines if line.people]
    part, parts = _paged("part", len(lines), LINES)
    people = queries.list_forecast_people(rule, now, limit=PAGE, offset=(page - 1) * PAGE)
    reader = _reader(people)
    sent = queries.count_sent([rule.id])[rule.id]
    return render_template(
        "reminders/show.html",
        said=shown.describe([rule], g.edition)[0],
        rule=rule,
        forecast=forecast,
        first_at=_first_at(forecast),
        bars=shown.bars(forecast.lines),
        lines=[(line, shown.reasons_of(line)) for line in lines[(part - 1) * LINES : part * LINES]],
        line_count=len(lines),
        empty=[line for line in forecast.lines if not line.people],
        part=part,
        parts=parts,
        spared=[
            (shown.REASON_NAMES[reason], number, shown.REASON_SHAPES[reason])
            for reason, number in forecast.counts.items()
            if number
        ],
        languages_split=shown.language_parts(forecast.locales),
        people=people,
        concerned=concerned,
        page=page,
        pages=pages,
        reader=reader,
        letter_locale=_letter_locale(rule, reader),
        made_up=MADE_UP,
        name_of=shown.name_of,
        audience=audience,
        sent=[
            (CARRIAGE_NAMES[state], number, CARRIAGE_SHAPES[state])
            for state, number in sent.items()
            if number
        ],
        has_sent=any(sent.values()),
        last_run=runs.list_last_runs(clock.now()).get(JOB),
        state=runs.find_state(JOB),
    )


@bp.get("/<int:rule_id>/letter")
@requires(Permission.REMINDER_EDIT)
def letter(rule_id: int) -> ResponseReturnValue:
    rule = queries.get_rule(g.edition.id, rule_id)
    audience = offers.known().get(rule.audience)
    if audience is None:
        raise NotFound
    page = max(request.args.get("page", 1, type=int), 1)
    person = _reader(queries.list_forecast_people(rule, clock.now(), limit=PAGE, offset=(page - 1) * PAGE))
    locale = _letter_locale(rule, person)
    if person is None:
        worded = shown.sample_letter(rule, audience, g.edition, locale=locale)
        return previews.show(worded, locale=locale, to=_("somebody made up"))
    worded = shown.letter_to(rule, audience, person, g.edition, locale=locale)
    return previews.show(
        worded, locale=locale, to=f"{person.to_name} <{person.to_address or _('no address')}>"
    )


@bp.route("/<int:rule_id>/change", methods=["GET", "POST"])
@requires(Permission.REMINDER_EDIT)
def change(rule_id: int) -> ResponseReturnValue:
    rule = queries.get_rule(g.edition.id, rule_id)
    audience = offers.known().get(rule.audience)
    if audience is None:
        raise NotFound
    form = _rule_form(audience, _as_form(rule))
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                answers = form.answers()
                _there_already(answers, but=rule)
                services.change_rule(
                    rule, seen=seen_version(form.version), actor=g.actor, now=clock.now(), **answers
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            # The next try is made in sight of what is saved now.
            rule = queries.get_rule(g.edition.id, rule_id)
            form.version.data = str(rule.version)
        else:
            flash(_("“%(name)s” was saved.", name=rule.name), "success")
            return redirect(url_for(".show", rule_id=rule.id))
    return _form_page(form, audience, rule=rule, stale=status == Stale.status), status


@bp.route("/<int:rule_id>/switch-on", methods=["GET", "POST"])
@requires(Permission.REMINDER_EDIT)
def switch_on(rule_id: int) -> ResponseReturnValue:
    rule = queries.get_rule(g.edition.id, rule_id)
    form = ActForm()
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.switch_on(rule, seen=seen_version(form.version), actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            rule = queries.get_rule(g.edition.id, rule_id)
        else:
            flash(_("“%(name)s” is on.", name=rule.name), "success")
            return redirect(url_for(".show", rule_id=rule.id))
    forecast = queries.forecast(rule, clock.now())
    return render_template(
        "reminders/switch_on.html",
        rule=rule,
        said=shown.describe([rule], g.edition)[0],
        form=form,
        forecast=forecast,
        first_at=_first_at(forecast),
    ), status


@bp.route("/<int:rule_id>/switch-off", methods=["GET", "POST"])
@requires(Permission.REMINDER_EDIT)
def switch_off(rule_id: int) -> ResponseReturnValue:
    rule = queries.get_rule(g.edition.id, rule_id)
    form = ActForm()
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                stopped = services.switch_off(
                    rule, seen=seen_version(form.version), actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            rule = queries.get_rule(g.edition.id, rule_id)
        else:
            flash(_("“%(name)s” is off.", name=rule.name) + " " + _called_off(stopped), "success")
            return redirect(url_for(".show", rule_id=rule.id))
    return render_template(
        "reminders/switch_off.html",
        rule=rule,
        said=shown.describe([rule], g.edition)[0],
        form=form,
        waiting=queries.count_sent([rule.id])[rule.id][Carriage.QUEUED],
    ), status


@bp.route("/<int:rule_id>/remove", methods=["GET", "POST"])
@requires(Permission.REMINDER_EDIT)
def remove(rule_id: int) -> ResponseReturnValue:
    rule = queries.get_rule(g.edition.id, rule_id)
    form = ActForm()
    status = 200
    if form.validate_on_submit():
        name = rule.name
        try:
            with db.transaction():
                services.remove_rule(rule, seen=seen_version(form.version), actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            rule = queries.get_rule(g.edition.id, rule_id)
        else:
            flash(_("“%(name)s” was removed.", name=name), "success")
            return redirect(url_for(".index"))
    return render_template(
        "reminders/remove.html", rule=rule, said=shown.describe([rule], g.edition)[0], form=form
    ), status


@bp.post("/<int:rule_id>/trial")
@requires(Permission.REMINDER_EDIT)
def send_trial(rule_id: int) -> ResponseReturnValue:
    rule = queries.get_rule(g.edition.id, rule_id)
    form = TrialForm()
    if form.validate_on_submit():
        language = form.language.data if form.language.data in LOCALES else None
        try:
            with db.transaction():
                services.send_trial(rule, actor=g.actor, now=clock.now(), locale=language)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("A trial letter is on its way to %(address)s.", address=g.actor.email), "success")
    return _back(form, url_for(".show", rule_id=rule_id))


# What the pages share ------------------------------------------------------------------------------------------------


def _rule_form(audience: Audience, answers: dict[str, Any]) -> RuleForm:
    offered = [(each.name, each.label, each.choices(g.edition)) for each in shown.filters_of(audience)]
    return RuleForm.offering(offered)(
        moments=[(moment.name, moment.label) for moment in audience.moments],
        has_sms=getattr(current_app.extensions["dxday_settings"], "sms_url", None) is not None,
        data=answers,
    )


def _as_form(rule: ReminderRule) -> dict[str, Any]:
    names = ("name", "moment", "amount", "unit", "direction", "at_time", "quiet_from", "quiet_until")
    return {
        **{name: getattr(rule, name) for name in (*names, "late_joiners", "channel", "version")},
        **{f"filter_{name}": values for name, values in rule.filters.items()},
        "locale": rule.locale or OWN_LANGUAGE,
        **spread("subject", rule.subject),
        **spread("body", rule.body),
    }


def _there_already(answers: dict[str, Any], *, but: ReminderRule | None = None) -> ReminderRule | None:
    """Return the rule that a form sent twice has made the first time.

    Raises NameTaken for another one of its name.  Of two that are sent at once, the second waits for the first.
    """
    editions.lock_edition(g.edition)
    for rule in queries.list_rules(g.edition.id):
        if rule.name == answers["name"] and rule is not but:
            if but is None and all(getattr(rule, name) == answer for name, answer in answers.items()):
                return rule
            raise NameTaken
    return None


def _form_page(
    form: RuleForm, audience: Audience, *, rule: ReminderRule | None = None, stale: bool = False
) -> str:
    letter = audience.letter_for(rule.moment) if rule else audience.letter
    return render_template(
        "reminders/edit.html",
        form=form,
        audience=audience,
        letter=letter,
        rule=rule,
        said=shown.describe([rule], g.edition)[0] if rule else None,
        stale=stale,
        samples={code: wording.shown_samples(letter, locale=code, edition=g.edition) for code in LOCALES},
    )


def _reader(people: Sequence[ForecastPerson]) -> ForecastPerson | None:
    """Return whose letter is shown: the one asked for, else the first who gets it, else the first; None is made up."""
    asked = request.args.get("person", "")
    if asked == MADE_UP:
        return None
    named = (each for each in people if shown.name_of(each) == asked)
    return next(named, None) or next((each for each in people if each.gets), people[0] if people else None)


def _letter_locale(rule: ReminderRule, person: ForecastPerson | None) -> str:
    """Return the language in which a letter is shown: the one asked for, else the one in which it would leave."""
    asked = request.args.get("language", "")
    natural = rule.locale or (person.locale if person else _language())
    return asked if asked in LOCALES else natural


def _language() -> str:
    return current_app.extensions["dxday_settings"].default_locale


def _first_at(forecast: Forecast) -> datetime | None:
    """Return when the first letter leaves."""
    return min((line.due_at for line in forecast.lines if line.gets), default=None)


def _paged(parameter: str, total: int, size: int) -> tuple[int, int]:
    """Return the page that is asked for, and how many there are."""
    pages = max(1, -(-total // size))
    return min(max(request.args.get(parameter, 1, type=int), 1), pages), pages


def _ledger(row: shown.Row, column: str) -> str:
    """Return the address of the messages that a figure of the list counts."""
    state = row.states[column]
    return url_for("messages.index", rule=row.said.rule.id, state=state.value if state else None)


def _called_off(number: int) -> str:
    if not number:
        return _("No letter of it was waiting.")
    return ngettext(
        "%(num)s letter that waited was called off.", "%(num)s letters that waited were called off.", number
    )


def _tell_added(number: int, *, nothing: str) -> None:
    added = ngettext(
        "%(num)s reminder was added, switched off.", "%(num)s reminders were added, switched off.", number
    )
    flash(added if number else nothing, "success" if number else "info")


def _back(form: Form, address: str) -> ResponseReturnValue:
    """Go back to a page with what was refused."""
    for refused in form.refusals:
        flash(refused, "error")
    return redirect(address)
