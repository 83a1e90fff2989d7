"""Pages: criteria, items of dossiers and questions of eligibility of a scheme, added, changed and removed."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.core.seen import fingerprint
from dxday.schemes import queries, services
from dxday.schemes.forms import PART_FORMS, SeenForm
from dxday.schemes.models import Criterion, DossierItem, EligibilityQuestion
from dxday.web.access import requires
from dxday.web.filters import text
from dxday.web.forms import spread, translations

bp = Blueprint("scheme_parts", __name__, url_prefix="/manage/<edition_code>/schemes/<scheme_code>")

KINDS: dict[str, type[services.Part]] = {
    "criteria": Criterion,
    "items": DossierItem,
    "questions": EligibilityQuestion,
}
"""The word of the address → what it is."""

HEADINGS: dict[str, Words] = {
    "criteria": lazy_gettext("Criterion"),
    "items": lazy_gettext("Item of dossiers"),
    "questions": lazy_gettext("Question of eligibility"),
}
ADDING: dict[str, Words] = {
    "criteria": lazy_gettext("Add a criterion"),
    "items": lazy_gettext("Add an item"),
    "questions": lazy_gettext("Add a question"),
}


@bp.route("/<part>/new", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def new(scheme_code: str, part: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    kind = _kind(part)
    form = PART_FORMS[kind](
        is_new=True,
        categories=scheme.categories,
        data={"is_required": True, "most": 10 if kind is Criterion else None},
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.add_part(
                    scheme, kind, code=form.code.data, actor=g.actor, now=clock.now(), **_read(form)
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
        else:
            return _back(scheme_code, part)
    return render_template(
        "schemes/part.html", form=form, scheme=scheme, part=part, row=None, title=ADDING[part]
    ), status


@bp.route("/<part>/<code>", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def edit(scheme_code: str, part: str, code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    kind = _kind(part)
    row = queries.get_part(kind, scheme.id, code)
    form = PART_FORMS[kind](is_new=False, categories=scheme.categories, data=_shown(row))
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_part(
                    scheme, row, seen=form.seen.data or "", actor=g.actor, now=clock.now(), **_read(form)
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
            row = queries.get_part(kind, scheme.id, code)
            form.seen.data = fingerprint(row, services.FIELDS[kind])
        else:
            return _back(scheme_code, part)
    return render_template(
        "schemes/part.html", form=form, scheme=scheme, part=part, row=row, title=HEADINGS[part]
    ), status


@bp.route("/<part>/<code>/remove", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def remove(scheme_code: str, part: str, code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    kind = _kind(part)
    row = queries.get_part(kind, scheme.id, code)
    form = SeenForm(data={"seen": fingerprint(row, services.FIELDS[kind])})
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.remove_part(scheme, row, seen=form.seen.data or "", actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
            row = queries.get_part(kind, scheme.id, code)
            form.seen.data = fingerprint(row, services.FIELDS[kind])
        else:
            flash(_("“%(name)s” was removed.", name=code), "success")
            return redirect(url_for("schemes.show", scheme_code=scheme_code) + f"#{part}")
    words = row.question if isinstance(row, EligibilityQuestion) else row.name
    return render_template(
        "schemes/remove.html",
        form=form,
        scheme=scheme,
        heading=HEADINGS[part],
        name=text(words),
        back=url_for(".edit", scheme_code=scheme_code, part=part, code=code),
    ), status


def _kind(part: str) -> type[services.Part]:
    if part not in KINDS:
        raise NotFound
    return KINDS[part]


def _back(scheme_code: str, part: str) -> ResponseReturnValue:
    flash(_("Saved."), "success")
    return redirect(url_for("schemes.show", scheme_code=scheme_code) + f"#{part}")


def _read(form: Any) -> dict[str, Any]:
    texts = {name: translations(form, name) for name in form.texts}
    may_be_none = ("guidance", "help")
    return {
        **{name: value or (None if name in may_be_none else value) for name, value in texts.items()},
        **form.read(),
    }


def _shown(row: services.Part) -> dict[str, Any]:
    kind = type(row)
    data: dict[str, Any] = {"seen": fingerprint(row, services.FIELDS[kind])}
    for name in services.FIELDS[kind]:
        data[name] = getattr(row, name)
    for name in PART_FORMS[kind].texts:
        data |= spread(name, data.pop(name))
    data["category"] = str(row.category_id or "")
    if isinstance(row, DossierItem):
        data |= {"kind": row.kind.value, "is_required": row.required}
    if isinstance(row, EligibilityQuestion):
        data["wanted"] = "yes" if row.wanted else "no"
    return data
