"""Pages: the people who can have a part in the Day; searching, adding and changing them."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.accounts import queries, services
from dxday.accounts.forms import PersonForm
from dxday.accounts.services import PERSON_FIELDS
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.core.seen import fingerprint
from dxday.web.access import requires
from dxday.web.filters import text
from dxday.web.forms import spread, translations

bp = Blueprint("people", __name__, url_prefix="/manage/<edition_code>/people")

PAGE = 100


@bp.get("/")
@requires(Permission.PROGRAMME_EDIT)
def index() -> ResponseReturnValue:
    words = request.args.get("q", "").strip()
    found = queries.search_people(words)
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    organisations = {each.id: each for each in queries.list_all_organisations()}
    return render_template(
        "people/index.html",
        people=found[(page - 1) * PAGE : page * PAGE],
        found=len(found),
        organisations=organisations,
        words=words,
        page=page,
        pages=pages,
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def new() -> ResponseReturnValue:
    form = _form()
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                person = services.add_person(
                    form.full_name.data,
                    position=translations(form, "position"),
                    organisation=queries.find_organisation(int(form.organisation.data or 0)),
                    email=form.email.data or None,
                    locale=form.locale.data,
                )
                services.note_person(person, actor=g.actor, now=clock.now(), edition_id=g.edition.id)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("%(name)s was added.", name=person.full_name), "success")
            return redirect(url_for(".index"))
    return render_template("people/edit.html", form=form, person=None), status


@bp.route("/<int:person_id>", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def edit(person_id: int) -> ResponseReturnValue:
    person = queries.get_person(person_id)
    form = _form(
        data={
            "seen": fingerprint(person, PERSON_FIELDS),
            "full_name": person.full_name,
            **spread("position", person.position),
            "organisation": str(person.organisation_id or ""),
            "email": person.email,
            "locale": person.locale,
        }
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_person(
                    person,
                    seen=form.seen.data or "",
                    full_name=form.full_name.data,
                    position=translations(form, "position"),
                    organisation_id=int(form.organisation.data) if form.organisation.data else None,
                    email=form.email.data or None,
                    locale=form.locale.data,
                    actor=g.actor,
                    now=clock.now(),
                    edition_id=g.edition.id,
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            person = queries.get_person(person_id)
            form.seen.data = fingerprint(person, PERSON_FIELDS)
        else:
            flash(_("%(name)s was saved.", name=person.full_name), "success")
            return redirect(url_for(".index"))
    return render_template("people/edit.html", form=form, person=person), status


def _form(**options: Any) -> PersonForm:
    form = PersonForm(**options)
    form.offer([(str(each.id), text(each.name)) for each in queries.list_all_organisations()])
    return form
