"""Pages for those who hand certificates out: the list, issuing, stopping, trying again, revoking."""

from collections import Counter

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from dxday import db
from dxday.awards import queries as awards
from dxday.certificates import queries, rules, services
from dxday.certificates.forms import IssueForm, RetryForm, RevokeForm
from dxday.certificates.views.public import send_certificate
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.web.access import requires
from dxday.web.forms import Form

bp = Blueprint("certificates", __name__)

PAGE = 50


@bp.get("/manage/<edition_code>/certificates")
@requires(Permission.CERTIFICATE_MANAGE)
def index() -> ResponseReturnValue:
    every = queries.list_certificates(g.edition.id)
    state = request.args.get("state", "")
    words = request.args.get("q", "")
    shown = queries.search([each for each in every if state in ("", each.state)], words)
    page = max(request.args.get("page", 1, type=int), 1)
    return render_template(
        "certificates/index.html",
        counts={name: sum(each.state == name for each in every) for name in rules.State},
        making=Counter(each.carriage.value for each in every),
        names=rules.STATE_NAMES,
        standings=rules.STANDING_NAMES,
        reasons=rules.REASON_NAMES,
        total=len(every),
        found=len(shown),
        certificates=shown[(page - 1) * PAGE : page * PAGE],
        page=page,
        pages=-(-len(shown) // PAGE),
        state=state,
        words=words,
        waiting=queries.list_waiting_decisions(g.edition.id),
    )


@bp.get("/manage/<edition_code>/certificates/progress")
@requires(Permission.CERTIFICATE_MANAGE)
def progress() -> ResponseReturnValue:
    counts = queries.count_by_carriage(g.edition.id)
    value, most = counts[Carriage.DONE], sum(counts.values()) - counts[Carriage.CANCELLED]
    return {
        "value": value,
        "max": most,
        "text": _("%(value)s of %(max)s", value=value, max=most),
        "done": not counts[Carriage.QUEUED] and not counts[Carriage.CLAIMED],
    }


@bp.post("/manage/<edition_code>/certificates/issue")
@requires(Permission.CERTIFICATE_MANAGE)
def issue() -> ResponseReturnValue:
    form = IssueForm()
    if form.validate_on_submit():
        decision = awards.get_decision_by_number(g.edition.id, form.decision.data)
        try:
            with db.transaction():
                issued = services.issue_for_decision(decision, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refusals.append(str(refusal))
        else:
            _tell(
                len(issued),
                ngettext("%(num)s certificate issued.", "%(num)s certificates issued.", len(issued)),
                nothing=_("Every award of this decision has its certificate already."),
            )
    return _back(form)


@bp.post("/manage/<edition_code>/certificates/retry")
@requires(Permission.CERTIFICATE_MANAGE)
def retry() -> ResponseReturnValue:
    form = RetryForm()
    if form.validate_on_submit():
        chosen = (
            [queries.get_certificate(g.edition.id, form.number.data)]
            if form.number.data
            else queries.list_certificates(g.edition.id)
        )
        try:
            with db.transaction():
                moved = services.retry_failed(chosen, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refusals.append(str(refusal))
        else:
            _tell(
                moved,
                ngettext(
                    "%(num)s certificate is being made again.",
                    "%(num)s certificates are being made again.",
                    moved,
                ),
            )
    return _back(form)


@bp.route("/manage/<edition_code>/certificates/stop", methods=["GET", "POST"])
@requires(Permission.CERTIFICATE_MANAGE)
def stop() -> ResponseReturnValue:
    form = Form()
    if form.validate_on_submit():
        try:
            with db.transaction():
                stopped = services.stop_making(g.edition, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refusals.append(str(refusal))
        else:
            _tell(
                stopped,
                ngettext(
                    "%(num)s certificate will not be made until somebody lets it go on.",
                    "%(num)s certificates will not be made until somebody lets it go on.",
                    stopped,
                ),
            )
        return _back(form)
    counts = queries.count_by_carriage(g.edition.id)
    return render_template(
        "certificates/stop.html",
        waiting=counts[Carriage.QUEUED],
        held=counts[Carriage.CLAIMED],
    )


@bp.post("/manage/<edition_code>/certificates/resume")
@requires(Permission.CERTIFICATE_MANAGE)
def resume() -> ResponseReturnValue:
    form = Form()
    if form.validate_on_submit():
        try:
            with db.transaction():
                resumed = services.resume_making(g.edition, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refusals.append(str(refusal))
        else:
            _tell(
                resumed,
                ngettext(
                    "%(num)s certificate is being made now.",
                    "%(num)s certificates are being made now.",
                    resumed,
                ),
            )
    return _back(form)


@bp.route("/manage/<edition_code>/certificates/<number>/revoke", methods=["GET", "POST"])
@requires(Permission.CERTIFICATE_MANAGE)
def revoke(number: str) -> ResponseReturnValue:
    certificate = queries.get_certificate(g.edition.id, number)
    form = RevokeForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.revoke(
                    certificate, reason=rules.Reason(form.reason.data), actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Certificate %(number)s is revoked.", number=number), "success")
            return redirect(url_for(".index"))
    return render_template("certificates/revoke.html", certificate=certificate, form=form)


@bp.get("/manage/<edition_code>/certificates/<number>.pdf")
@requires(Permission.CERTIFICATE_MANAGE)
def file(number: str) -> ResponseReturnValue:
    certificate = queries.get_certificate(g.edition.id, number)
    if certificate.storage_key is None:
        raise rules.NotRendered
    response = send_certificate(certificate)
    response.headers["Cache-Control"] = "no-store"
    return response


def _tell(number: int, done: str, *, nothing: str = "") -> None:
    flash(done if number else nothing, "success" if number else "info")


def _back(form: Form) -> ResponseReturnValue:
    """Go back to the list with what was refused."""
    for refused in [*form.refusals, *(error for errors in form.errors.values() for error in errors)]:
        flash(refused, "error")
    return redirect(url_for(".index"))
