"""Pages: the list of sessions, adding, editing, placing, publishing and cancelling them."""

from contextlib import AbstractContextManager, suppress
from datetime import date, time
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.accounts import queries as accounts
from dxday.accounts.models import Person
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.i18n import pick
from dxday.core.permissions import Permission
from dxday.programme import publishing, queries, services, watching
from dxday.programme.forms import (
    ActForm,
    AddPlacementForm,
    EditSessionForm,
    NewSessionForm,
    OverridingForm,
    PlacementForm,
    SessionForm,
    reception_as_form,
    session_as_form,
    times_of,
)
from dxday.programme.models import Placement, Session, Track
from dxday.programme.rules import (
    MODE_NAMES,
    ORDER_MARK_NAMES,
    PART_KIND_NAMES,
    PLACEMENT_ROLE_NAMES,
    SESSION_KIND_NAMES,
    SESSION_STATE_NAMES,
    PartKind,
    PlacementRole,
    Reception,
)
from dxday.programme.shown import zone_name
from dxday.sites import queries as sites
from dxday.sites.models import Room
from dxday.web.access import requires
from dxday.web.filters import local, text
from dxday.web.forms import at, seen_version, translations

bp = Blueprint("programme", __name__, url_prefix="/manage/<edition_code>/programme")

STATE_SHAPES = {"draft": "neutral", "published": "good", "cancelled": "bad"}


@bp.context_processor
def _names() -> dict[str, Any]:
    return {
        "kind_names": SESSION_KIND_NAMES,
        "state_names": SESSION_STATE_NAMES,
        "state_shapes": STATE_SHAPES,
        "mode_names": MODE_NAMES,
        "role_names_here": PLACEMENT_ROLE_NAMES,
        "part_names": PART_KIND_NAMES,
        "order_names": ORDER_MARK_NAMES,
        "zone": zone_name(g.edition) if g.edition else "",
    }


@bp.get("/")
@requires(Permission.PROGRAMME_EDIT)
def index() -> ResponseReturnValue:
    return render_template(
        "programme/index.html",
        rows=queries.list_rows(g.edition.id),
        pending=publishing.list_waiting(g.edition.id),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def new() -> ResponseReturnValue:
    places, people = sites.list_sites(g.edition.id), accounts.list_people()
    form = NewSessionForm(rooms=places, people=people, tracks=_tracks(), data=_asked_for())
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction(), _watched(form) as changed:
                session = services.add_session(
                    g.edition,
                    guid=form.session_guid,
                    room=_room(form.room.data) if form.has_place else None,
                    receiving=form.receiving,
                    parts=_people(form, people),
                    remote=form.remote.data or [],
                    override_reason=form.override_reason.data or "",
                    actor=g.actor,
                    now=clock.now(),
                    **_what(form),
                    **(_when(form) if form.has_place else {}),
                )
                changed(session.id)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("“%(title)s” was added as a draft.", title=text(session.title)), "success")
            return redirect(url_for(".show", code=session.code))
    return render_template(
        "programme/new.html", form=form, has_rooms=any(s.rooms for s in places), **_known_codes()
    ), status


@bp.get("/<code>")
@requires(Permission.PROGRAMME_EDIT)
def show(code: str) -> ResponseReturnValue:
    session = queries.get_session(g.edition.id, code)
    return render_template(
        "programme/show.html",
        session=session,
        placements=_in_order(session),
        pending=_is_pending(session),
        found=watching.list_findings(g.edition.id, session.id),
    )


@bp.route("/<code>/edit", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def edit(code: str) -> ResponseReturnValue:
    session = queries.get_session(g.edition.id, code)
    people = accounts.list_people()
    origin = queries.origin_of(session) if session.placements else None
    every_site = sites.list_sites(g.edition.id)
    form = EditSessionForm(
        rooms=[site for site in every_site if origin is None or site.id == origin.site_id],
        people=people,
        tracks=_tracks(),
        placed=origin is not None,
        needs_room=origin is not None and origin.room_id is not None,
        data=_as_form(session, origin),
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction(), _watched(form) as changed:
                services.change_session(
                    session, seen=_seen(form), actor=g.actor, now=clock.now(), **_what(form)
                )
                _put_in_place(session, form)
                services.set_parts(
                    session,
                    _people(form, people),
                    remote=form.remote.data or [],
                    actor=g.actor,
                    now=clock.now(),
                )
                changed(session.id)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            # The refused change let go of what was loaded; and the next try is made in sight of what is saved now.
            session = queries.get_session(g.edition.id, code)
            form.version.data = str(session.version)
        else:
            _tell_saved(_("“%(title)s” was saved.", title=text(session.title)), session)
            return redirect(url_for(".show", code=session.code))
    return render_template(
        "programme/edit.html",
        form=form,
        session=session,
        origin=queries.origin_of(session) if session.placements else None,
        stale=status == 409,
        **_known_codes(),
    ), status


@bp.route("/<code>/sites/<int:placement_id>", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def placement(code: str, placement_id: int) -> ResponseReturnValue:
    placed = queries.get_placement(g.edition.id, code, placement_id)
    site = sites.get_site(g.edition.id, placed.site.code)
    people = accounts.list_people()
    receiving = placed.role is PlacementRole.RECEIVING
    form = PlacementForm(site=site, people=people, receiving=receiving, data=reception_as_form(placed))
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction(), _watched(form) as changed:
                services.change_placement(
                    placed,
                    seen=_seen(form),
                    room=_room(form.room.data) if form.room.data else None,
                    mode=form.session_mode,
                    join_url=form.join_url.data,
                    received=bool(form.received.data) if receiving else True,
                    reception=_reception(form, placed),
                    override_reason=form.override_reason.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
                services.set_officer(
                    placed.session,
                    placed.site_id,
                    next((person for person in people if str(person.id) == form.officer.data), None),
                    actor=g.actor,
                    now=clock.now(),
                )
                changed(placed.session_id)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            placed = queries.get_placement(g.edition.id, code, placement_id)
            form.version.data = str(placed.session.version)
        else:
            _tell_saved(_("%(site)s: saved.", site=text(site.name)), placed.session)
            return redirect(url_for(".show", code=code))
    return render_template(
        "programme/placement.html", form=form, placed=placed, session=placed.session
    ), status


@bp.route("/<code>/sites/add", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def add_placement(code: str) -> ResponseReturnValue:
    session = queries.get_session(g.edition.id, code)
    there = frozenset(placed.room_id for placed in session.placements if placed.room_id)
    form = AddPlacementForm(rooms=sites.list_sites(g.edition.id), taken=there)
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction(), _watched(form) as changed:
                services.add_placement(
                    session,
                    _room(form.room.data),
                    override_reason=form.override_reason.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
                changed(session.id)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            session = queries.get_session(g.edition.id, code)
        else:
            _tell_saved(_("One more site receives the session."), session)
            return redirect(url_for(".show", code=code))
    return render_template("programme/add_placement.html", form=form, session=session), status


@bp.post("/<code>/publish")
@requires(Permission.PROGRAMME_EDIT)
def publish(code: str) -> ResponseReturnValue:
    session = queries.get_session(g.edition.id, code)
    if ActForm().validate_on_submit():
        try:
            with db.transaction():
                services.publish_session(session, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            flash(_("Published: everybody sees it in the programme now."), "success")
    return redirect(url_for(".show", code=code))


@bp.route("/<code>/cancel", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def cancel(code: str) -> ResponseReturnValue:
    session = queries.get_session(g.edition.id, code)
    if ActForm().validate_on_submit():
        try:
            with db.transaction():
                services.cancel_session(session, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            _tell_saved(_("Cancelled, and its rooms are free."), session)
        return redirect(url_for(".show", code=code))
    return render_template("programme/cancel.html", session=session)


def _is_pending(session: Session) -> bool:
    """Whether the public knows the session otherwise than it is here."""
    return bool(publishing.find_changes(session.edition_id, only=[session.id], known_only=True))


def _tell_saved(words: str, session: Session) -> None:
    if _is_pending(session):
        words = f"{words} {_('Visitors see the change after the next release.')}"
    flash(words, "success")


def _asked_for() -> dict[str, Any]:
    """Return what the address says of a new session: day, times, room; what cannot be read is left out."""
    given: dict[str, Any] = {"day": g.edition.starts_on, "room": request.args.get("room", "")}
    for name, read in (
        ("day", date.fromisoformat),
        ("begins", time.fromisoformat),
        ("ends", time.fromisoformat),
    ):
        with suppress(ValueError):
            given[name] = read(request.args.get(name, ""))
    return given


def _watched(form: OverridingForm) -> AbstractContextManager[watching.Note]:
    """Let what watches the programme look at a change, with the reason that the form gives for what it breaks."""
    return watching.watched(
        g.edition.id, reason=form.override_reason.data or "", actor=g.actor, now=clock.now()
    )


def _what(form: SessionForm) -> dict[str, Any]:
    return {
        "kind": form.session_kind,
        "title": translations(form, "title"),
        "abstract": translations(form, "abstract"),
        "language": form.language.data,
        **form.details,
    }


def _when(form: SessionForm) -> dict[str, Any]:
    return {
        "starts_at": at(form.day.data, form.begins.data),
        "ends_at": at(form.day.data, form.ends.data),
    }


def _put_in_place(session: Session, form: EditSessionForm) -> None:
    """Move the session, or give it the place that it does not have yet."""
    room = _room(form.room.data) if form.room.data else None
    if session.placements:
        services.move_session(
            session,
            room=room,
            override_reason=form.override_reason.data or "",
            actor=g.actor,
            now=clock.now(),
            **_when(form),
        )
    elif room is not None:
        services.place_session(
            session,
            room,
            override_reason=form.override_reason.data or "",
            actor=g.actor,
            now=clock.now(),
            **_when(form),
        )


def _reception(form: PlacementForm, placed: Placement) -> Reception:
    starts_at, ends_at = times_of(form, placed)
    return Reception(
        starts_at,
        ends_at,
        capacity=form.capacity.data,
        interpretation=form.interpretation.data or None,
        local_part=translations(form, "local_part"),
        ready=bool(form.ready.data),
        opt_out_reason=(form.opt_out_reason.data or "") if "opt_out_reason" in form else "",
    )


def _tracks() -> list[Track]:
    return queries.list_tracks(g.edition.id)


def _known_codes() -> dict[str, list[str]]:
    return {
        "known_features": sites.list_features(g.edition.id),
        "known_audiences": queries.list_audiences(g.edition.id),
    }


def _people(form: SessionForm, people: list[Person]) -> dict[PartKind, list[Person]]:
    by_id = {person.id: person for person in people}
    return {kind: [by_id[i] for i in ids if i in by_id] for kind, ids in form.people.items()}


def _room(value: str) -> Room:
    return sites.get_room(g.edition.id, int(value))


def _seen(form: EditSessionForm | PlacementForm) -> int:
    return seen_version(form.version)


def _as_form(session: Session, origin: Placement | None) -> dict[str, Any]:
    return {
        "version": session.version,
        **session_as_form(session),
        "day": local(origin.starts_at).date() if origin else g.edition.starts_on,
        "begins": local(origin.starts_at).time() if origin else None,
        "ends": local(origin.ends_at).time() if origin else None,
        "room": str(origin.room_id or "") if origin else "",
    }


def _in_order(session: Session) -> list[Placement]:
    """The placements as people look for them: where it is held, then the sites by name."""
    return sorted(
        session.placements,
        key=lambda p: (p.role is not PlacementRole.ORIGIN, p.site.position, pick(p.site.name, "vi"), p.id),
    )
