"""Pages on which a dossier is written section by section, saved as one types."""

from typing import Any

from flask import Blueprint, flash, g, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import Refusal, Stale
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.nominations import queries, rules, sections, services
from dxday.nominations.forms import AutosaveForm, ConfirmForm, section_form
from dxday.nominations.models import Nomination
from dxday.nominations.views.loading import note_look
from dxday.web import filters
from dxday.web.access import requires
from dxday.web.forms import clean_line

bp = Blueprint("dossier", __name__, url_prefix="/agency/<edition_code>/nominations/<code>/sections")


@bp.get("/")
@requires(Permission.NOMINATION_WRITE)
def index(code: str) -> ResponseReturnValue:
    nomination = _own(code)
    now = clock.now()
    return render_template(
        "nominations/sections.html",
        nomination=nomination,
        states=queries.list_section_states(nomination),
        progress_names=sections.PROGRESS_NAMES,
        locks=queries.list_locks(nomination.id, now),
        can_edit=_why_not(nomination) is None,
        call=queries.call_of(nomination),
        now=now,
    )


@bp.route("/<section_code>", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def edit(code: str, section_code: str) -> ResponseReturnValue:
    nomination = _own(code)
    layout = queries.layout_of(nomination)
    section = sections.find_section(layout, section_code)
    answers = queries.list_answers(nomination.id)
    versions = {name: answer.version for name, answer in answers.items()}
    values = queries.read_values(nomination, answers)
    form = section_form(section, values, versions)
    why_not, taken, changed, status = _why_not(nomination), None, None, 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                now = clock.now()
                services.save_section(nomination, section, form.written(), actor=g.actor, now=now)
                services.leave_section(nomination, section.code, actor=g.actor, now=now)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            taken = refusal if isinstance(refusal, sections.SectionTaken) else None
            changed = refusal if isinstance(refusal, sections.FieldChanged) else None
        else:
            flash(_("“%(section)s” was saved.", section=section.name), "success")
            return redirect(url_for(".index", code=nomination.code))
    elif why_not is None:
        taken = _take(nomination, section)
    note_look(nomination)
    return render_template(
        "nominations/section.html",
        nomination=nomination,
        section=section,
        layout=layout,
        form=form,
        why_not=why_not,
        taken=taken,
        changed=changed,
        unreadable=answers.keys() - values.keys(),
        sealed_away=sections.SEALED_AWAY,
        attachments=queries.list_attachments(nomination.id),
        now=clock.now(),
    ), status


@bp.post("/<section_code>/autosave")
@requires(Permission.NOMINATION_WRITE)
def autosave(code: str, section_code: str) -> ResponseReturnValue:
    form = AutosaveForm()
    if not form.validate_on_submit():
        return jsonify(message=" ".join(form.refusals)), 400
    nomination = _own(code)
    section = sections.find_section(queries.layout_of(nomination), section_code)
    now = clock.now()
    try:
        asked = section.get(form.code.data or "")
        value = (form.value.data if asked.lines else clean_line(form.value.data)) or ""
        with db.transaction():
            version = services.save_answer(
                nomination, section, asked.code, value, version=form.seen_version, actor=g.actor, now=now
            )
    except sections.FieldChanged as refusal:
        facts = refusal.facts
        return jsonify(message=str(refusal), theirs=facts["theirs"], version=facts["version"]), refusal.status
    except Refusal as refusal:
        return jsonify(message=str(refusal), taken=isinstance(refusal, sections.SectionTaken)), refusal.status
    return jsonify(version=version, saved_at=filters.clock(now))


@bp.post("/<section_code>/hold")
@requires(Permission.NOMINATION_WRITE)
def hold(code: str, section_code: str) -> ResponseReturnValue:
    """Say that one is still there: the page does so every half minute."""
    if not ConfirmForm().validate_on_submit():
        return jsonify(), 400
    nomination = _own(code)
    section = sections.find_section(queries.layout_of(nomination), section_code)
    try:
        with db.transaction():
            services.take_section(nomination, section.code, actor=g.actor, now=clock.now())
    except Refusal as refusal:
        return jsonify(message=str(refusal), taken=isinstance(refusal, Stale)), refusal.status
    return jsonify()


@bp.post("/<section_code>/leave")
@requires(Permission.NOMINATION_WRITE)
def leave(code: str, section_code: str) -> ResponseReturnValue:
    """Let others edit: the page says so when it is closed."""
    if not ConfirmForm().validate_on_submit():
        return jsonify(), 400
    nomination = _own(code)
    with db.transaction():
        services.leave_section(nomination, section_code, actor=g.actor, now=clock.now())
    return jsonify()


@bp.route("/<section_code>/take-over", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def take_over(code: str, section_code: str) -> ResponseReturnValue:
    nomination = _own(code)
    section = sections.find_section(queries.layout_of(nomination), section_code)
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.take_section(nomination, section.code, actor=g.actor, now=clock.now(), force=True)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for(".edit", code=nomination.code, section_code=section.code))
    return render_template(
        "nominations/take_over.html",
        form=form,
        nomination=nomination,
        section=section,
        lock=queries.list_locks(nomination.id, clock.now()).get(section.code),
    )


def _own(code: str) -> Nomination:
    mine = g.actor.organisation_ids(Permission.NOMINATION_WRITE, edition_id=g.edition.id)
    return queries.get_own(g.edition.id, code, mine)


def _why_not(nomination: Nomination) -> Refusal | None:
    """What stands in the way of writing now, if anything."""
    try:
        rules.check_can_edit(queries.standing_of(nomination), queries.call_of(nomination), clock.now())
    except Refusal as refusal:
        return refusal
    return None


def _take(nomination: Nomination, section: sections.Section) -> Any:
    """Begin to edit the section; what is returned says who does so already."""
    try:
        with db.transaction():
            services.take_section(nomination, section.code, actor=g.actor, now=clock.now())
    except sections.SectionTaken as refusal:
        return refusal
    return None
