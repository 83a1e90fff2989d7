"""Registering in three steps, and the page of the place one holds."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal

from dxday import db
from dxday.adapters import qr
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.i18n import pick
from dxday.core.phones import show_phone
from dxday.notifications import addresses
from dxday.registration import queries, rules, services, tickets
from dxday.registration.forms import CancelForm, ConsentForm, PhoneForm, PlaceForm, WhoForm
from dxday.registration.models import Registration, SeatPool
from dxday.web.access import open_to_all
from dxday.web.languages import current_locale
from dxday.web.limits import limiter

bp = Blueprint("registration_public", __name__)

STEPS = 3


@bp.route("/<edition_code>/register", methods=["GET", "POST"])
@open_to_all
def register() -> ResponseReturnValue:
    pools = _open_pools(g.edition.id)
    closed = _why_closed(pools)
    if closed:
        return render_template("registration/closed.html", why=closed)
    form = PlaceForm(pool=_draft().get("pool") or _pool_asked_for(pools))
    hints = _offer(form, pools)
    if form.validate_on_submit() and (pool := _chosen(form, pools)):
        _keep(pool=pool.id)
        return redirect(url_for(".check" if _draft().get("email") else ".who"))
    return render_template("registration/place.html", form=form, hints=hints, full=_full(pools), steps=STEPS)


@bp.route("/<edition_code>/register/you", methods=["GET", "POST"])
@open_to_all
def who() -> ResponseReturnValue:
    draft = _draft()
    if "pool" not in draft:
        return redirect(url_for(".register"))
    form = WhoForm(
        **{name: draft.get(name) for name in ("full_name", "email", "organisation_name")},
        phone=_shown(draft.get("phone")),
    )
    if not _sends_texts():
        del form.phone
    if form.validate_on_submit():
        _keep(
            full_name=form.full_name.data,
            email=form.email.data,
            organisation_name=form.organisation_name.data,
            phone=form.phone.data if "phone" in form else None,
        )
        return redirect(url_for(".check"))
    return render_template("registration/who.html", form=form, steps=STEPS)


@bp.route("/<edition_code>/register/check", methods=["GET", "POST"])
@open_to_all
@limiter.limit("30 per minute", methods=["POST"])
def check() -> ResponseReturnValue:
    draft = _draft()
    pool = queries.find_pool(g.edition.id, draft["pool"]) if "pool" in draft else None
    if pool is None or not draft.get("email"):
        return redirect(url_for(".register" if pool is None else ".who"))
    form = ConsentForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                registration = services.register(
                    pool,
                    full_name=draft["full_name"],
                    email=draft["email"],
                    organisation_name=draft["organisation_name"],
                    locale=current_locale(),
                    consent=form.consent.data,
                    phone=draft.get("phone") if _sends_texts() else None,
                    actor=g.actor,
                    now=clock.now(),
                )
        except rules.AlreadyRegistered as refusal:
            with db.transaction():
                services.send_link_again(g.edition, draft["email"], now=clock.now())
            form.refuse(refusal)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            session.pop(_drawer(), None)
            flash(
                _("Your place is confirmed. The same went to %(address)s.", address=draft["email"]), "success"
            )
            return redirect(url_for(".show", token=registration.token))
    return render_template(
        "registration/check.html",
        form=form,
        draft=draft,
        pool=pool,
        steps=STEPS,
        sends_texts=_sends_texts(),
        phone=_shown(draft.get("phone")) if _sends_texts() else None,
    )


@bp.get("/my/registration/<token>")
@open_to_all
def show(token: str) -> ResponseReturnValue:
    registration = _load(token)
    address = addresses.address("registration_public.show", token=token)
    return _private(
        render_template(
            "registration/ticket.html",
            registration=registration,
            placements=queries.list_sessions_at(registration.edition_id, registration.pool.site_id),
            starts_at=queries.first_starts([g.edition]).get(registration.pool.site_id),
            code_image=qr.qr_svg_data_uri(address),
            phone=_shown(registration.phone),
            held=registration.state is rules.RegistrationState.CONFIRMED,
            changeable=g.edition.cancelled_at is None
            and rules.may_change(
                g.edition.registration,
                clock.now(),
                site_cancelled=registration.pool.site.cancelled_at is not None,
            ),
        )
    )


@bp.get("/my/registration/<token>/calendar.ics")
@open_to_all
def calendar(token: str) -> ResponseReturnValue:
    registration = _load(token)
    rules.check_held(registration.state)
    written = tickets.calendar_of_place(
        g.edition, registration.pool, locale=current_locale(), now=clock.now()
    )
    if written is None:
        flash(_("The programme of your site is not published yet."), "info")
        return redirect(url_for(".show", token=token))
    return _private(
        Response(
            written,
            content_type="text/calendar; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{g.edition.code}-{registration.code}.ics"'
            },
        )
    )


@bp.route("/my/registration/<token>/place", methods=["GET", "POST"])
@open_to_all
@limiter.limit("30 per minute", methods=["POST"])
def change(token: str) -> ResponseReturnValue:
    registration = _load(token)
    pools = _open_pools(registration.edition_id)
    form = PlaceForm(pool=registration.pool_id)
    hints = _offer(form, pools, held=registration.pool_id)
    if form.validate_on_submit() and (pool := _chosen(form, pools)):
        try:
            with db.transaction():
                services.change_place(registration, pool, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Your place is now at %(site)s.", site=pick(pool.site.name, current_locale())), "success")
            return redirect(url_for(".show", token=token))
    return _private(
        render_template("registration/change.html", form=form, hints=hints, registration=registration)
    )


@bp.route("/my/registration/<token>/cancel", methods=["GET", "POST"])
@open_to_all
@limiter.limit("30 per minute", methods=["POST"])
def cancel(token: str) -> ResponseReturnValue:
    registration = _load(token)
    form = CancelForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.cancel_registration(registration, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Your place was given back. Thank you for telling us."), "success")
            return redirect(url_for(".show", token=token))
    return _private(render_template("registration/cancel.html", form=form, registration=registration))


@bp.post("/my/registration/<token>/phone/delete")
@open_to_all
def forget_phone(token: str) -> ResponseReturnValue:
    registration = _load(token)
    if PhoneForm().validate_on_submit():
        with db.transaction():
            services.forget_phone(registration, actor=g.actor, now=clock.now())
        flash(_("Your mobile number was deleted. You get no text message."), "success")
    return redirect(url_for(".show", token=token))


def _load(token: str) -> Registration:
    """Load what the token opens; the page is then one of its edition."""
    registration = queries.get_registration(token)
    g.edition = queries.get_edition(registration.edition_id)
    return registration


def _private(page: str | Response) -> Response:
    """Keep a page that its address alone opens out of caches and search engines."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _sends_texts() -> bool:
    """Tell whether text messages leave at all; else nobody is asked for a number."""
    return current_app.extensions["dxday_settings"].sms_url is not None


def _shown(phone: str | None) -> str | None:
    return show_phone(phone) if phone else None


def _drawer() -> str:
    return f"registration:{g.edition.code}"


def _draft() -> dict[str, Any]:
    """Return what was answered so far; it is kept in the visitor's own browser, signed, until it is sent."""
    return dict(session.get(_drawer(), {}))


def _keep(**answers: Any) -> None:
    session[_drawer()] = {**_draft(), **answers}


def _open_pools(edition_id: int) -> list[SeatPool]:
    """Return the pools of the sites that take part."""
    return [pool for pool in queries.list_pools(edition_id) if pool.site.cancelled_at is None]


def _why_closed(pools: list[SeatPool]) -> str | None:
    try:
        rules.check_takes_place(g.edition.cancelled_at)
        rules.check_open(g.edition.registration, clock.now())
    except Refusal as refusal:
        return str(refusal)
    return None if pools else _("No seats are offered yet.")


def _pool_asked_for(pools: list[SeatPool]) -> int | None:
    """Return the first pool with a free seat of the site that the address names (`?site=`), if any."""
    wanted = request.args.get("site")
    return next((pool.id for pool in pools if pool.site.code == wanted and pool.free > 0), None)


def _offer(form: PlaceForm, pools: list[SeatPool], held: int | None = None) -> dict[str, str]:
    """Offer the pools that have a free seat, and the held one; return what stands under each."""
    offered = [pool for pool in pools if pool.free > 0 or pool.id == held]
    form.offer([(pool.id, _label(pool)) for pool in offered])
    return {str(pool.id): _hint(pool, held) for pool in offered}


def _full(pools: list[SeatPool]) -> list[str]:
    """Return the names of the places that cannot be chosen any more, so that nobody looks for them in vain."""
    return [_label(pool) for pool in pools if pool.free <= 0]


def _label(pool: SeatPool) -> str:
    return f"{pick(pool.site.name, current_locale())} · {rules.SEAT_MODE_NAMES[pool.mode]}"


def _hint(pool: SeatPool, held: int | None) -> str:
    if pool.id == held:
        return _("You hold a place here.")
    return _(
        "%(free)s of %(all)s seats free", free=format_decimal(pool.free), all=format_decimal(pool.capacity)
    )


def _chosen(form: PlaceForm, pools: list[SeatPool]) -> SeatPool | None:
    """Return the chosen pool; else say in the form what is wrong."""
    pool = next((pool for pool in pools if pool.id == form.pool.data), None)
    if pool is None:
        form.pool.errors = [_("Choose where you will take part.")]
    elif pool.free <= 0 and form.pool.object_data != pool.id:
        form.refuse(rules.NoSeatLeft(site=pick(pool.site.name, current_locale())))
        return None
    return pool
