"""Pages on which the secretary sets up councils, their seats and who holds them."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.accounts import queries as accounts
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.council import queries
from dxday.council.forms import CouncilForm, EndForm, InviteForm, SeatForm, VersionForm
from dxday.council.models import Term
from dxday.council.rules import SEAT_KIND_NAMES, SeatKind
from dxday.council.services import seats as services
from dxday.schemes import queries as schemes
from dxday.web.access import requires
from dxday.web.forms import spread, translations
from dxday.web.languages import current_locale

bp = Blueprint("seats", __name__, url_prefix="/council/<edition_code>/seats")


@bp.context_processor
def _names() -> dict[str, Any]:
    return {"kind_names": SEAT_KIND_NAMES}


@bp.get("/")
@requires(Permission.COUNCIL_MANAGE)
def index() -> ResponseReturnValue:
    councils, today = queries.list_councils(g.edition.id), queries.today_of(g.edition.id, clock.now())
    return render_template(
        "seats/index.html",
        councils=councils,
        schemes=queries.list_schemes_of(council.id for council in councils),
        today=today,
        button=VersionForm(),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def new() -> ResponseReturnValue:
    form = CouncilForm([], is_new=True)
    if form.validate_on_submit():
        try:
            with db.transaction():
                council = services.add_council(
                    g.edition,
                    form.code.data,
                    name=translations(form, "name"),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The council was added. Say what it decides on, and add its seats."), "success")
            return redirect(url_for(".edit", council_code=council.code))
    return render_template("seats/council.html", form=form, council=None)


@bp.route("/<council_code>/edit", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def edit(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    offered = schemes.list_schemes(g.edition.id)
    decided = queries.list_schemes_of([council.id]).get(council.id, [])
    form = CouncilForm(
        offered,
        is_new=False,
        data={
            **spread("name", council.name),
            "schemes": [str(each.id) for each in decided],
            "shared_domains": ", ".join(council.shared_domains),
        },
    )
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_council(
                    council,
                    name=translations(form, "name"),
                    schemes=[each for each in offered if str(each.id) in form.schemes.data],
                    shared_domains=form.domains(),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The council was changed."), "success")
            return redirect(url_for(".index"))
    return render_template("seats/council.html", form=form, council=council)


@bp.route("/<council_code>/new", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def new_seat(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    form = SeatForm(data={"kind": SeatKind.MEMBER.value})
    if form.validate_on_submit():
        with db.transaction():
            services.add_seat(council, actor=g.actor, now=clock.now(), **_seat_of(form))
        flash(_("The seat was added. It counts for every threshold from now on."), "success")
        return redirect(url_for(".index"))
    return render_template("seats/seat.html", form=form, council=council, seat=None)


@bp.route("/<council_code>/<int:seat_id>/edit", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def edit_seat(council_code: str, seat_id: int) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    seat = queries.get_seat(council.id, seat_id)
    form = SeatForm(data={"kind": seat.kind.value, "expert": seat.expert, **spread("title", seat.title)})
    if form.validate_on_submit():
        with db.transaction():
            services.change_seat(council, seat, actor=g.actor, now=clock.now(), **_seat_of(form))
        flash(_("The seat was changed."), "success")
        return redirect(url_for(".index"))
    return render_template("seats/seat.html", form=form, council=council, seat=seat)


@bp.route("/<council_code>/<int:seat_id>/abolish", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def abolish(council_code: str, seat_id: int) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    seat = queries.get_seat(council.id, seat_id)
    form = VersionForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.abolish_seat(
                    council,
                    seat,
                    day=queries.today_of(g.edition.id, clock.now()),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The seat was abolished. It does not count any more."), "success")
            return redirect(url_for(".index"))
    return render_template("seats/abolish.html", form=form, council=council, seat=seat)


@bp.route("/<council_code>/<int:seat_id>/invite", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def invite(council_code: str, seat_id: int) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    seat = queries.get_seat(council.id, seat_id)
    form = InviteForm(
        accounts.list_all_organisations(), data={"starts_on": queries.today_of(g.edition.id, clock.now())}
    )
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.invite_member(
                    council,
                    seat,
                    form.email.data,
                    full_name=form.full_name.data,
                    locale=current_locale(),
                    starts_on=form.starts_on.data,
                    agencies=form.agencies(),
                    past_agencies=form.past_agencies(),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(
                _("%(name)s holds the seat from now on.", name=form.full_name.data)
                if form.starts_on.data <= queries.today_of(g.edition.id, clock.now())
                else _("%(name)s will hold the seat.", name=form.full_name.data),
                "success",
            )
            return redirect(url_for(".index"))
    return render_template("seats/invite.html", form=form, council=council, seat=seat)


@bp.route("/<council_code>/<int:seat_id>/end", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def end(council_code: str, seat_id: int) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    seat = queries.get_seat(council.id, seat_id)
    term: Term | None = next((each for each in seat.terms if each.ends_on is None), None)
    if term is None:
        raise NotFound
    form = EndForm(data={"ends_on": queries.today_of(g.edition.id, clock.now())})
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.end_term(
                    council,
                    term,
                    ends_on=form.ends_on.data,
                    reason=form.reason.data,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The term of %(name)s has ended.", name=term.account.full_name), "success")
            return redirect(url_for(".index"))
    return render_template("seats/end.html", form=form, council=council, seat=seat, term=term)


def _seat_of(form: SeatForm) -> dict[str, Any]:
    return {
        "kind": SeatKind(form.kind.data),
        "title": translations(form, "title"),
        "expert": form.expert.data,
    }
