"""Pages: the sites of an edition and their rooms, for those who plan the programme."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.accounts import queries as accounts
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.core.seen import fingerprint
from dxday.sites import queries, services
from dxday.sites.forms import RoomForm, SiteForm
from dxday.sites.models import Room, Site
from dxday.sites.rules import SITE_KIND_NAMES, SiteKind
from dxday.sites.services import ROOM_FIELDS, SITE_FIELDS
from dxday.web.access import requires
from dxday.web.filters import text
from dxday.web.forms import spread, translations

bp = Blueprint("sites", __name__, url_prefix="/manage/<edition_code>/sites")


@bp.context_processor
def _names() -> dict[str, Any]:
    return {"kind_names": SITE_KIND_NAMES}


@bp.get("/")
@requires(Permission.PROGRAMME_EDIT)
def index() -> ResponseReturnValue:
    return render_template("sites/list.html", sites=queries.list_sites(g.edition.id))


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def new() -> ResponseReturnValue:
    kind = SiteKind.SATELLITE if queries.find_main_site(g.edition.id) else SiteKind.MAIN
    form = _site_form(is_new=True, data={"kind": kind.value})
    status = 200
    if form.validate_on_submit():
        wanted = _site_of(form)
        try:
            with db.transaction():
                site = services.add_site(
                    g.edition,
                    form.code.data,
                    kind=wanted["kind"],
                    name=wanted["name"],
                    address=wanted["address"],
                    join_url=wanted["join_url"],
                    position=wanted["position"],
                    organisation=accounts.find_organisation(wanted["organisation_id"] or 0),
                    presiding_officer=_person(wanted["presiding_officer_id"]),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("%(site)s was added. Give it a room.", site=text(site.name)), "success")
            return redirect(url_for(".show", site_code=site.code))
    return render_template("sites/edit.html", form=form, site=None), status


@bp.get("/<site_code>")
@requires(Permission.PROGRAMME_EDIT)
def show(site_code: str) -> ResponseReturnValue:
    site = queries.get_site(g.edition.id, site_code)
    organisation = accounts.find_organisation(site.organisation_id) if site.organisation_id else None
    return render_template("sites/staff.html", site=site, organisation=organisation)


@bp.route("/<site_code>/edit", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def edit(site_code: str) -> ResponseReturnValue:
    site = queries.get_site(g.edition.id, site_code)
    form = _site_form(
        is_new=False,
        data={
            "seen": fingerprint(site, SITE_FIELDS),
            "kind": site.kind.value,
            **spread("name", site.name),
            **spread("address", site.address),
            "organisation": str(site.organisation_id or ""),
            "officer": str(site.presiding_officer_id or ""),
            "join_url": site.join_url,
            "position": site.position,
        },
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_site(
                    site, seen=form.seen.data or "", actor=g.actor, now=clock.now(), **_site_of(form)
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            site = queries.get_site(g.edition.id, site_code)
            form.seen.data = fingerprint(site, SITE_FIELDS)
        else:
            flash(_("%(site)s: saved.", site=text(site.name)), "success")
            return redirect(url_for(".show", site_code=site_code))
    return render_template("sites/edit.html", form=form, site=site), status


@bp.route("/<site_code>/rooms/new", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def new_room(site_code: str) -> ResponseReturnValue:
    site = queries.get_site(g.edition.id, site_code)
    form = RoomForm(is_new=True)
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.add_room(site, form.code.data, actor=g.actor, now=clock.now(), **_room_of(form))
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            site = queries.get_site(g.edition.id, site_code)
        else:
            flash(_("The room was added."), "success")
            return redirect(url_for(".show", site_code=site_code))
    return render_template("sites/room.html", form=form, site=site, room=None, **_known()), status


@bp.route("/<site_code>/rooms/<room_code>", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def room(site_code: str, room_code: str) -> ResponseReturnValue:
    site, found = _site_and_room(site_code, room_code)
    form = RoomForm(
        is_new=False,
        data={
            "seen": fingerprint(found, ROOM_FIELDS),
            **spread("name", found.name),
            "capacity": found.capacity,
            "shared": found.shared,
            "features": found.features,
            "turnaround": found.turnaround // timedelta(minutes=1) if found.turnaround is not None else None,
        },
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_room(
                    found, seen=form.seen.data or "", actor=g.actor, now=clock.now(), **_room_of(form)
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            site, found = _site_and_room(site_code, room_code)
            form.seen.data = fingerprint(found, ROOM_FIELDS)
        else:
            flash(_("The room was saved."), "success")
            return redirect(url_for(".show", site_code=site_code))
    return render_template("sites/room.html", form=form, site=site, room=found, **_known()), status


def _site_form(**options: Any) -> SiteForm:
    return SiteForm(organisations=accounts.list_all_organisations(), people=accounts.list_people(), **options)


def _site_of(form: SiteForm) -> dict[str, Any]:
    return {
        "kind": SiteKind(form.kind.data),
        "name": translations(form, "name"),
        "address": translations(form, "address") or None,
        "organisation_id": int(form.organisation.data) if form.organisation.data else None,
        "presiding_officer_id": int(form.officer.data) if form.officer.data else None,
        "join_url": form.join_url.data or None,
        "position": form.position.data or 0,
    }


def _room_of(form: RoomForm) -> dict[str, Any]:
    length = form.turnaround.data
    return {
        "name": translations(form, "name"),
        "capacity": form.capacity.data,
        "shared": bool(form.shared.data),
        "features": form.features.data or [],
        "turnaround": timedelta(minutes=length) if length is not None else None,
    }


def _site_and_room(site_code: str, room_code: str) -> tuple[Site, Room]:
    site = queries.get_site(g.edition.id, site_code)
    found = next((each for each in site.rooms if each.code == room_code), None)
    if found is None:
        raise NotFound
    return site, queries.get_room(g.edition.id, found.id)


def _person(person_id: int | None) -> Any:
    return accounts.get_person(person_id) if person_id else None


def _known() -> dict[str, list[str]]:
    return {"known_features": queries.list_features(g.edition.id)}
