"""Handing over at a site: its own list, the ticks, and who receives; for its coordinator and for who arranges."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.ceremony import rules
from dxday.ceremony.forms import ReceiverForm, TickForm, UndoForm
from dxday.ceremony.queries import order as queries
from dxday.ceremony.queries.order import Placed
from dxday.ceremony.rules import Receiver
from dxday.ceremony.services import handing
from dxday.ceremony.views.staff import as_pdf
from dxday.core import clock
from dxday.core.actor import ActorKind
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission, Role
from dxday.sites import queries as sites
from dxday.sites.models import Site
from dxday.web.access import requires
from dxday.web.filters import text
from dxday.web.forms import seen_version

site_bp = Blueprint("handing", __name__, url_prefix="/site/<edition_code>/handing-over")
staff_bp = Blueprint("handing_over", __name__, url_prefix="/manage/<edition_code>/handing-over")


def _sites() -> set[int] | None:
    """Return the sites that the actor may tick at; None is all of them."""
    edition_id = g.edition.id
    if (
        g.actor.kind is ActorKind.SYSTEM
        or Role.ADMIN in g.actor.roles(edition_id=edition_id)
        or g.actor.may(Permission.CEREMONY_MANAGE, edition_id=edition_id)
    ):
        return None
    return set(g.actor.site_ids(Permission.SITE_EDIT, edition_id=edition_id))


def _own(site_code: str) -> Site:
    site = sites.get_site(g.edition.id, site_code)
    rules.check_may_tick(g.actor, site.id, edition_id=g.edition.id)
    return site


def _undone(form: TickForm | ReceiverForm) -> int:
    return seen_version(form.undone)


def _receiver_of(form: ReceiverForm) -> dict[str, Any]:
    return {
        "receiver": Receiver(form.receiver.data),
        "name": form.representative_name.data or "",
        "position": form.representative_position.data or "",
    }


def _ticked(placed: Placed, *, fresh: bool) -> None:
    name = placed.award.recipient_name
    flash(
        _("%(name)s: handed over.", name=name) if fresh else _("%(name)s was ticked already.", name=name),
        "success",
    )


def _add_pages(bp: Blueprint, permission: Permission) -> None:
    """Put the pages of a site's list under the address of those who hold the permission."""

    @bp.get("/")
    @requires(permission)
    def start() -> ResponseReturnValue:
        counters = queries.list_counters(g.edition.id, _sites())
        if len(counters) == 1 and counters[0].site is not None:
            return redirect(url_for(".show", site_code=counters[0].site.code))
        return render_template("ceremony/sites.html", counters=counters)

    @bp.get("/<site_code>/")
    @requires(permission)
    def show(site_code: str) -> ResponseReturnValue:
        site = _own(site_code)
        return render_template(
            "ceremony/site.html",
            site=site,
            listed=queries.read_site(g.edition.id, site.id),
            receiver_names=rules.RECEIVER_NAMES,
        )

    @bp.post("/<site_code>/<award_code>/tick")
    @requires(permission)
    def tick(site_code: str, award_code: str) -> ResponseReturnValue:
        """Tick, as plainly as a bad line needs it: the same form sent again changes nothing and says so."""
        placed = queries.get_at_site(g.edition.id, _own(site_code).id, award_code)
        form = TickForm()
        if form.validate_on_submit():
            try:
                with db.transaction():
                    fresh = handing.hand_over(
                        placed.turn, undone=_undone(form), actor=g.actor, now=clock.now()
                    )
            except Refusal as refusal:
                flash(str(refusal), "error")
            else:
                _ticked(placed, fresh=fresh)
        else:
            flash(" ".join(form.refusals), "error")
        return redirect(url_for(".show", site_code=site_code, _anchor=f"award-{award_code}"))

    @bp.route("/<site_code>/<award_code>", methods=["GET", "POST"])
    @requires(permission)
    def receive(site_code: str, award_code: str) -> ResponseReturnValue:
        """Who receives; one button only keeps it, the other ticks the award in the same step."""
        site = _own(site_code)
        placed = queries.get_at_site(g.edition.id, site.id, award_code)
        turn = placed.turn
        form = ReceiverForm(
            data={
                "undone": turn.undone,
                "receiver": turn.receiver.value,
                "representative_name": turn.representative_name,
                "representative_position": turn.representative_position,
            }
        )
        status = 200
        if form.validate_on_submit():
            by: dict[str, Any] = {"actor": g.actor, "now": clock.now()}
            try:
                with db.transaction():
                    if request.form.get("then") == "tick":
                        fresh = handing.hand_over(turn, undone=_undone(form), **_receiver_of(form), **by)
                    else:
                        handing.set_receiver(turn, **_receiver_of(form), **by)
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
                placed = queries.get_at_site(g.edition.id, site.id, award_code)
                form.undone.data = str(placed.turn.undone)
            else:
                if request.form.get("then") == "tick":
                    _ticked(placed, fresh=fresh)
                else:
                    flash(_("%(name)s: saved.", name=placed.award.recipient_name), "success")
                return redirect(url_for(".show", site_code=site_code, _anchor=f"award-{award_code}"))
        return render_template("ceremony/receive.html", site=site, placed=placed, form=form), status

    @bp.route("/<site_code>/<award_code>/undo", methods=["GET", "POST"])
    @requires(permission)
    def undo(site_code: str, award_code: str) -> ResponseReturnValue:
        site = _own(site_code)
        placed = queries.get_at_site(g.edition.id, site.id, award_code)
        form = UndoForm()
        status = 200
        if form.validate_on_submit():
            try:
                with db.transaction():
                    handing.take_back(
                        placed.turn, reason=form.reason.data or "", actor=g.actor, now=clock.now()
                    )
            except Refusal as refusal:
                form.refuse(refusal)
                status = refusal.status
                placed = queries.get_at_site(g.edition.id, site.id, award_code)
            else:
                flash(_("%(name)s: the tick was taken back.", name=placed.award.recipient_name), "success")
                return redirect(url_for(".show", site_code=site_code, _anchor=f"award-{award_code}"))
        return render_template("ceremony/undo.html", site=site, placed=placed, form=form), status

    @bp.get("/<site_code>/list.pdf")
    @requires(permission)
    def paper(site_code: str) -> ResponseReturnValue:
        site = _own(site_code)
        listed = queries.read_site(g.edition.id, site.id)
        title = f"{_('Awards to hand over')} · {text(site.name)}"
        page = render_template(
            "pdf/ceremony_site.html", title=title, site=site, listed=listed, printed_at=clock.now()
        )
        return as_pdf(page, title, f"{g.edition.code}-{site.code}-honours.pdf")


_add_pages(site_bp, Permission.SITE_EDIT)
_add_pages(staff_bp, Permission.CEREMONY_MANAGE)
