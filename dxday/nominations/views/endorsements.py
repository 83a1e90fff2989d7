"""Pages on which the officer names who endorses a nomination, sends it to them, and follows it."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.nominations import queries, rules
from dxday.nominations.forms import ChainForm, ChangeEndorserForm, ConfirmForm
from dxday.nominations.models import Nomination
from dxday.nominations.services import endorsing
from dxday.nominations.views.loading import own
from dxday.web.access import requires

bp = Blueprint("endorsements", __name__, url_prefix="/agency/<edition_code>/nominations/<code>/endorsement")


@bp.route("/", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def index(code: str) -> ResponseReturnValue:
    nomination = own(code)
    chain = queries.list_chain(nomination.id)
    known = [rules.Endorser(each.name, each.office, each.email) for each in chain]
    form = ChainForm.for_steps(len(_steps(nomination)), known, version=nomination.version)
    if form.validate_on_submit():
        try:
            with db.transaction():
                endorsing.ask_endorsers(
                    nomination,
                    form.endorsers(),
                    version=form.seen_version,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The nomination was sent to those who endorse it."), "success")
            return redirect(url_for(".index", code=code))
    return render_template("nominations/endorsement.html", form=form, **_page(own(code)))


@bp.route("/<int:endorsement_id>/again", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def again(code: str, endorsement_id: int) -> ResponseReturnValue:
    nomination = own(code)
    endorsement = queries.get_endorsement(nomination.id, endorsement_id)
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                endorsing.ask_again(nomination, endorsement, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("A new letter is on its way to %(name)s.", name=endorsement.name), "success")
            return redirect(url_for(".index", code=code))
    return render_template(
        "nominations/endorsement_again.html", form=form, nomination=nomination, endorsement=endorsement
    )


@bp.route("/<int:endorsement_id>/change", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def change(code: str, endorsement_id: int) -> ResponseReturnValue:
    nomination = own(code)
    endorsement = queries.get_endorsement(nomination.id, endorsement_id)
    form = ChangeEndorserForm.for_change(endorsement)
    if form.validate_on_submit():
        try:
            with db.transaction():
                endorsing.change_endorser(
                    nomination, endorsement, form.endorser(), actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The endorser was changed."), "success")
            return redirect(url_for(".index", code=code))
    return render_template(
        "nominations/endorsement_change.html",
        form=form,
        nomination=nomination,
        endorsement=endorsement,
        asked=endorsement.state is not rules.EndorsementState.NAMED,
    )


@bp.route("/take-back", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def take_back(code: str) -> ResponseReturnValue:
    nomination = own(code)
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                endorsing.take_back(nomination, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The nomination is a draft again. The links that were mailed are dead."), "success")
            return redirect(url_for("nominations.show", code=code))
    return render_template("nominations/endorsement_take_back.html", form=form, nomination=nomination)


def _steps(nomination: Nomination) -> list[dict[str, Any]]:
    return nomination.category.scheme.endorsers


def _page(nomination: Nomination) -> dict[str, Any]:
    now = clock.now()
    return {
        "nomination": nomination,
        "steps": _steps(nomination),
        "chain": queries.list_chain(nomination.id),
        "gaps": queries.find_gaps(nomination),
        "endorsing": nomination.state is rules.State.ENDORSING,
        "draft": nomination.state is rules.State.DRAFT,
        "now": now,
    }
