"""Pages of those who look after a site: its day, what it proposes, and how it receives what comes by line."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.accounts import queries as accounts
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.programme import queries as programme
from dxday.programme.forms import ActForm, reception_as_form, session_as_form, times_of
from dxday.programme.models import Placement, Session
from dxday.programme.rules import MODE_NAMES, SESSION_KIND_NAMES, PartKind, PlacementRole, is_local
from dxday.programme.shown import zone_name
from dxday.proposals import foreseeing, queries, rules, services, shown
from dxday.proposals.forms import (
    DropForm,
    LocalSessionForm,
    OptOutForm,
    ReceptionForm,
    SubmitForm,
    reception_values_as_form,
    values_as_form,
)
from dxday.proposals.rules import STATE_NAMES, WITH_THE_SITE, Change, Kind
from dxday.proposals.views.staff import STATE_SHAPES
from dxday.sites import queries as sites
from dxday.sites.models import Room, Site
from dxday.web.access import requires
from dxday.web.filters import text
from dxday.web.forms import at, seen_version

bp = Blueprint("site_desk", __name__, url_prefix="/site/<edition_code>")


@bp.context_processor
def _names() -> dict[str, Any]:
    return {
        "kind_names": SESSION_KIND_NAMES,
        "mode_names": MODE_NAMES,
        "state_names": STATE_NAMES,
        "state_shapes": STATE_SHAPES,
        "zone": zone_name(g.edition) if g.edition else "",
    }


@bp.get("/")
@requires(Permission.SITE_EDIT)
def start() -> ResponseReturnValue:
    mine = [site for site in sites.list_sites(g.edition.id) if _may_edit(site)]
    if len(mine) == 1:
        return redirect(url_for(".show", site_code=mine[0].code))
    return render_template("proposals/sites.html", sites=mine)


@bp.get("/<site_code>/")
@requires(Permission.SITE_EDIT)
def show(site_code: str) -> ResponseReturnValue:
    site = _own(site_code)
    proposal = queries.find_current(site.id)
    sessions = programme.list_at_site(g.edition.id, site.id)
    standings = queries.stand(g.edition.id, queries.changes_of(proposal), site_id=site.id)
    found = shown.show_all(g.edition, standings)
    return render_template(
        "proposals/site.html",
        site=site,
        proposal=proposal,
        with_us=proposal is None or proposal.state in WITH_THE_SITE,
        changes=found,
        rows=[_row(session, site) for session in sessions],
        names={s.id: text(s.name) for s in sites.list_sites(g.edition.id)},
    )


@bp.route("/<site_code>/sessions/new", methods=["GET", "POST"], defaults={"guid": None})
@bp.route("/<site_code>/added/<guid>", methods=["GET", "POST"])
@requires(Permission.SITE_EDIT)
def new(site_code: str, guid: str | None) -> ResponseReturnValue:
    site = _own(site_code)
    added = _added(site, guid) if guid else None
    data = {"day": g.edition.starts_on} | (values_as_form(added.becomes) if added else {})
    form = _session_form(site, data=data)
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.propose_session(
                    site,
                    g.edition,
                    guid=UUID(added.becomes["guid"]) if added else form.session_guid,
                    words=form.values,
                    room=_room(form.room.data),
                    **_when(form),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            return _noted(site_code)
    return render_template("proposals/new.html", site=site, form=form), status


@bp.route("/<site_code>/sessions/<code>/edit", methods=["GET", "POST"])
@requires(Permission.SITE_EDIT)
def edit(site_code: str, code: str) -> ResponseReturnValue:
    site = _own(site_code)
    session = _local(site, code)
    origin = programme.origin_of(session)
    pending = {change.kind: change.becomes for change in _pending(site) if change.session_id == session.id}
    data = (
        {"version": session.version}
        | session_as_form(session)
        | values_as_form(queries.values_of(Kind.MOVE, session))
        | values_as_form(pending.get(Kind.CHANGE, {}))
        | values_as_form(pending.get(Kind.MOVE, {}))
    )
    form = _session_form(site, data=data, needs_room=origin.room_id is not None)
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.propose_changes(
                    site,
                    g.edition,
                    session,
                    seen=seen_version(form.version),
                    words=form.values,
                    room=_room(form.room.data) if form.room.data else None,
                    **_when(form),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            session = _local(site, code)
            form.version.data = str(session.version)
        else:
            return _noted(site_code)
    return render_template("proposals/edit.html", site=site, form=form, session=session), status


@bp.route("/<site_code>/sessions/<code>/cancel", methods=["GET", "POST"])
@requires(Permission.SITE_EDIT)
def cancel(site_code: str, code: str) -> ResponseReturnValue:
    site = _own(site_code)
    session = _local(site, code)
    if ActForm().validate_on_submit():
        try:
            with db.transaction():
                services.propose_cancelling(
                    site, session, seen=session.version, actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            return _noted(site_code)
        return redirect(url_for(".show", site_code=site_code))
    return render_template("proposals/cancel.html", site=site, session=session)


@bp.route("/<site_code>/receiving/<int:placement_id>", methods=["GET", "POST"])
@requires(Permission.SITE_EDIT)
def receive(site_code: str, placement_id: int) -> ResponseReturnValue:
    site = _own(site_code)
    placement = _received(site, placement_id)
    session, origin = placement.session, programme.origin_of(placement.session)
    people = accounts.list_people()
    pending = next(
        (c.becomes for c in _pending(site) if c.kind is Kind.RECEIVE and c.placement_id == placement_id), {}
    )
    data = reception_as_form(placement) | reception_values_as_form(pending, origin)
    form = ReceptionForm(site=site, people=people, data=data)
    status = 200
    if form.validate_on_submit():
        starts_at, ends_at = times_of(form, placement)
        try:
            with db.transaction():
                services.propose_reception(
                    site,
                    g.edition,
                    placement,
                    seen=seen_version(form.version),
                    becomes=form.values(starts_at - origin.starts_at, ends_at - origin.ends_at),
                    room=_room(form.room.data) if form.room.data else None,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            placement = _received(site, placement_id)
            session, origin = placement.session, programme.origin_of(placement.session)
            form.version.data = str(session.version)
        else:
            return _noted(site_code)
    return render_template(
        "proposals/receive.html", site=site, form=form, session=session, origin=origin, placement=placement
    ), status


@bp.route("/<site_code>/receiving/<int:placement_id>/opt-out", methods=["GET", "POST"])
@requires(Permission.SITE_EDIT)
def opt_out(site_code: str, placement_id: int) -> ResponseReturnValue:
    site = _own(site_code)
    placement = _received(site, placement_id)
    form = OptOutForm(version=placement.session.version)
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.propose_opting_out(
                    site,
                    placement,
                    seen=seen_version(form.version),
                    reason=form.opt_out_reason.data,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            placement = _received(site, placement_id)
            form.version.data = str(placement.session.version)
        else:
            return _noted(site_code)
    return render_template("proposals/opt_out.html", site=site, form=form, session=placement.session), status


@bp.post("/<site_code>/proposal/drop")
@requires(Permission.SITE_EDIT)
def drop(site_code: str) -> ResponseReturnValue:
    site = _own(site_code)
    form = DropForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.drop_change(site, form.key.data or "", actor=g.actor, now=clock.now())
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            flash(_("The change was left out."), "success")
    return redirect(url_for(".show", site_code=site_code))


@bp.route("/<site_code>/proposal/submit", methods=["GET", "POST"])
@requires(Permission.SITE_EDIT)
def submit(site_code: str) -> ResponseReturnValue:
    site = _own(site_code)
    proposal = queries.find_current(site.id)
    form = SubmitForm(version=proposal.version if proposal else 0, note=proposal.note if proposal else "")
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.submit_proposal(
                    site,
                    seen=seen_version(form.version),
                    note=form.note.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            proposal = queries.find_current(site.id)
            form.version.data = str(proposal.version if proposal else 0)
        else:
            flash(_("Submitted. You get a mail when the organizers have decided."), "success")
            return redirect(url_for(".show", site_code=site_code))
    standings = queries.stand(g.edition.id, queries.changes_of(proposal), site_id=site.id)
    return render_template(
        "proposals/submit.html",
        site=site,
        form=form,
        changes=shown.show_all(g.edition, standings),
        difference=foreseeing.foresee(g.edition.id, standings),
    ), status


@bp.post("/<site_code>/proposal/withdraw")
@requires(Permission.SITE_EDIT)
def withdraw(site_code: str) -> ResponseReturnValue:
    site = _own(site_code)
    if ActForm().validate_on_submit():
        try:
            with db.transaction():
                services.withdraw_proposal(site, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            flash(_("Your changes are back with you. Nothing of them is lost."), "success")
    return redirect(url_for(".show", site_code=site_code))


def _noted(site_code: str) -> ResponseReturnValue:
    flash(_("Noted. Submit your changes when all of them are there."), "success")
    return redirect(url_for(".show", site_code=site_code))


def _own(site_code: str) -> Site:
    site = sites.get_site(g.edition.id, site_code)
    rules.check_acts_for(g.actor, site.id, edition_id=g.edition.id)
    return site


def _may_edit(site: Site) -> bool:
    try:
        rules.check_acts_for(g.actor, site.id, edition_id=g.edition.id)
    except rules.NotYourSite:
        return False
    return True


def _local(site: Site, code: str) -> Session:
    """Return a session of the site's own.  Raises NotFound, also for one that other sites share."""
    session = programme.get_session(g.edition.id, code)
    if not is_local((placement.site_id for placement in session.placements), site.id):
        raise NotFound
    return session


def _received(site: Site, placement_id: int) -> Placement:
    """Return a placement by which the site receives a session.  Raises NotFound for any other."""
    placement = programme.get_placement_of(g.edition.id, placement_id)
    if placement.site_id != site.id or placement.role is not PlacementRole.RECEIVING:
        raise NotFound
    return placement


def _pending(site: Site) -> list[Change]:
    return queries.changes_of(queries.find_current(site.id))


def _added(site: Site, guid: str) -> Change:
    for change in _pending(site):
        if change.kind is Kind.ADD and change.becomes["guid"] == guid:
            return change
    raise NotFound


def _room(value: str) -> Room:
    return sites.get_room(g.edition.id, int(value))


def _session_form(site: Site, **options: Any) -> LocalSessionForm:
    return LocalSessionForm(
        rooms=[site], people=accounts.list_people(), tracks=programme.list_tracks(g.edition.id), **options
    )


def _when(form: LocalSessionForm) -> dict[str, Any]:
    return {
        "starts_at": at(form.day.data, form.begins.data),
        "ends_at": at(form.day.data, form.ends.data),
    }


def _row(session: Session, site: Site) -> dict[str, Any]:
    """What the page of the day says of one session: the site's placement, and whether it is the site's own."""
    placement = next(p for p in session.placements if p.site_id == site.id)
    origin = programme.origin_of(session)
    officer = next(
        (
            part.person.full_name
            for part in session.parts
            if part.kind is PartKind.PRESIDING_OFFICER and part.site_id == site.id
        ),
        site.presiding_officer.full_name if site.presiding_officer else "",
    )
    return {
        "session": session,
        "placement": placement,
        "origin": origin,
        "own": is_local((p.site_id for p in session.placements), site.id),
        "receiving": placement.role is PlacementRole.RECEIVING,
        "officer": officer,
        "link": placement.join_url or site.join_url,
    }
