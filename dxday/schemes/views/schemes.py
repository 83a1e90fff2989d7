"""Pages: the schemes of an edition, their settings, categories and rule packs."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.accounts import queries as accounts
from dxday.accounts.rules import ORGANISATION_KIND_NAMES
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.core.seen import fingerprint
from dxday.core.vietnamese import slug
from dxday.schemes import packs, queries, rules, services, taking, usage
from dxday.schemes.forms import (
    CategoryForm,
    CouncilForm,
    EndorsementForm,
    SchemeForm,
    SeenForm,
    SettingForm,
    clock_time,
    moment_of,
)
from dxday.schemes.models import Category, Criterion, DossierItem, EligibilityQuestion, Quota, Scheme
from dxday.schemes.services import CATEGORY_FIELDS
from dxday.web.access import requires
from dxday.web.filters import text
from dxday.web.forms import seen_version, spread, translations

bp = Blueprint("schemes", __name__, url_prefix="/manage/<edition_code>/schemes")


@bp.context_processor
def _names() -> dict[str, Any]:
    return {
        "setting_names": rules.SETTING_NAMES,
        "organisation_kind_names": ORGANISATION_KIND_NAMES,
        "tie_break_names": rules.TIE_BREAK_NAMES,
        "item_kind_names": rules.ITEM_KIND_NAMES,
    }


@bp.get("/")
@requires(Permission.SCHEME_EDIT)
def index() -> ResponseReturnValue:
    return render_template("schemes/index.html", schemes=queries.list_schemes(g.edition.id))


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def new() -> ResponseReturnValue:
    form = SchemeForm(is_new=True, data={"grace_minutes": 0})
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                scheme = services.add_scheme(
                    g.edition, code=form.code.data, actor=g.actor, now=clock.now(), **_scheme_of(form)
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(
                _("%(scheme)s was added. Give it categories and a rule pack.", scheme=text(scheme.name)),
                "success",
            )
            return redirect(url_for(".show", scheme_code=scheme.code))
    return render_template("schemes/edit.html", form=form, scheme=None), status


@bp.get("/<scheme_code>")
@requires(Permission.SCHEME_EDIT)
def show(scheme_code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    criteria = queries.list_all(Criterion, scheme.id)
    quotas, extensions = queries.list_quotas(scheme.id), queries.list_extensions(scheme.id)
    used = usage.count_used(scheme.id)
    organisations = {
        each.id: each
        for each in accounts.list_organisations(
            {organisation for _category, organisation in used}
            | {each.organisation_id for each in quotas if each.organisation_id}
            | {each.organisation_id for each in extensions if each.organisation_id}
        )
    }
    pack = packs.find_taken(scheme.pack, scheme.form)
    return render_template(
        "schemes/show.html",
        scheme=scheme,
        call=queries.get_regular_call(scheme, g.edition),
        categories={each.id: each for each in scheme.categories},
        criteria=list(zip(criteria, rules.percents(criteria), strict=True)),
        items=queries.list_all(DossierItem, scheme.id),
        questions=queries.list_all(EligibilityQuestion, scheme.id),
        quotas=quotas,
        standings=_standings(quotas, used, organisations, scheme),
        extensions=extensions,
        organisations=organisations,
        pack=pack,
        notes={each.name: each for each in pack.settings} if pack else {},
        now=clock.now(),
    )


@bp.route("/<scheme_code>/edit", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def edit(scheme_code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    form = SchemeForm(is_new=False, data=_shown(scheme))
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_scheme(
                    scheme,
                    g.edition,
                    version=seen_version(form.version),
                    actor=g.actor,
                    now=clock.now(),
                    **_scheme_of(form),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
            form.version.data = scheme.version
        else:
            return _saved(scheme)
    return render_template("schemes/edit.html", form=form, scheme=scheme), status


@bp.route("/<scheme_code>/council", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def council(scheme_code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    form = CouncilForm(
        data={name: getattr(scheme, name) for name in services.COUNCIL_FIELDS} | {"version": scheme.version}
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_scheme(
                    scheme,
                    g.edition,
                    version=seen_version(form.version),
                    actor=g.actor,
                    now=clock.now(),
                    **form.read(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
            form.version.data = scheme.version
        else:
            return _saved(scheme)
    return render_template("schemes/council.html", form=form, scheme=scheme), status


@bp.route("/<scheme_code>/endorsement", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def endorsement(scheme_code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    form = EndorsementForm(
        data={
            "version": scheme.version,
            "steps": [
                {"code": each["code"], **spread("name", each["name"])}  # type: ignore[arg-type]  # kept as JSON
                for each in scheme.endorsers
            ],
        }
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_scheme(
                    scheme,
                    g.edition,
                    version=seen_version(form.version),
                    actor=g.actor,
                    now=clock.now(),
                    endorsers=_steps_of(form),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
            form.version.data = scheme.version
        else:
            return _saved(scheme)
    return render_template("schemes/endorsement.html", form=form, scheme=scheme), status


@bp.route("/<scheme_code>/settings/<name>", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def confirm_setting(scheme_code: str, name: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    if name not in scheme.unconfirmed:
        raise NotFound
    form = SettingForm(data={"version": scheme.version})
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.confirm_setting(
                    scheme,
                    name,
                    version=seen_version(form.version),
                    basis=form.basis.data,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
            form.version.data = scheme.version
        else:
            flash(_("“%(setting)s” is confirmed.", setting=rules.SETTING_NAMES[name]), "success")
            return redirect(url_for(".show", scheme_code=scheme_code) + "#undecided")
    pack = packs.find_taken(scheme.pack, scheme.form)
    notes = {each.name: each.note for each in pack.settings} if pack else {}
    return render_template(
        "schemes/confirm.html", form=form, scheme=scheme, name=name, note=notes.get(name)
    ), status


@bp.get("/<scheme_code>/packs")
@requires(Permission.SCHEME_EDIT)
def choose_pack(scheme_code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    return render_template(
        "schemes/packs.html",
        scheme=scheme,
        packs=packs.list_packs(scheme.form),
        day=g.edition.ceremony_on or g.edition.starts_on,
    )


@bp.route("/<scheme_code>/packs/<pack_code>", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def take_over(scheme_code: str, pack_code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    pack = packs.get_pack(pack_code, scheme.form)
    form = SeenForm()
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                taking.take_over_pack(scheme, pack, actor=g.actor, now=clock.now(), seen=form.seen.data or "")
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
        else:
            flash(_("“%(pack)s” was taken over.", pack=text(pack.name)), "success")
            return redirect(url_for(".show", scheme_code=scheme_code))
    plan = taking.plan_taking_over(scheme, pack)
    return render_template(
        "schemes/pack.html",
        form=form,
        scheme=scheme,
        pack=pack,
        plan=plan,
        part_names=taking.PART_NAMES,
        change_names=taking.CHANGE_NAMES,
        column_names=taking.COLUMN_NAMES,
        categories={each.id: each for each in queries.list_categories(scheme.id)},
        is_free=not plan.changes_dossiers or not usage.count_used(scheme.id),
    ), status


@bp.route("/<scheme_code>/categories/new", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def new_category(scheme_code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    form = CategoryForm(is_new=True)
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.add_category(
                    scheme,
                    code=form.code.data,
                    name=translations(form, "name"),
                    nominee_kind=form.kind,
                    position=form.position.data or 0,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
        else:
            flash(_("The category was added."), "success")
            return redirect(url_for(".show", scheme_code=scheme_code) + "#categories")
    return render_template("schemes/category.html", form=form, scheme=scheme, category=None), status


@bp.route("/<scheme_code>/categories/<category_code>", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def edit_category(scheme_code: str, category_code: str) -> ResponseReturnValue:
    scheme, category = _scheme_and_category(scheme_code, category_code)
    form = CategoryForm(
        is_new=False,
        data={
            "seen": fingerprint(category, CATEGORY_FIELDS),
            **spread("name", category.name),
            "position": category.position,
        },
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_category(
                    scheme,
                    category,
                    seen=form.seen.data or "",
                    name=translations(form, "name"),
                    position=form.position.data or 0,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme, category = _scheme_and_category(scheme_code, category_code)
            form.seen.data = fingerprint(category, CATEGORY_FIELDS)
        else:
            flash(_("The category was saved."), "success")
            return redirect(url_for(".show", scheme_code=scheme_code) + "#categories")
    return render_template("schemes/category.html", form=form, scheme=scheme, category=category), status


def _saved(scheme: Scheme) -> ResponseReturnValue:
    flash(_("%(scheme)s: saved.", scheme=text(scheme.name)), "success")
    return redirect(url_for(".show", scheme_code=scheme.code))


def _scheme_and_category(scheme_code: str, category_code: str) -> tuple[Scheme, Category]:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    found = next((each for each in scheme.categories if each.code == category_code), None)
    if found is None:
        raise NotFound
    return scheme, found


def _shown(scheme: Scheme) -> dict[str, Any]:
    plain = ("version", "legal_basis", "thematic", "nominators", "grace_minutes", "position")
    return {
        **spread("name", scheme.name),
        **spread("giver", scheme.giver),
        **spread("signatory_title", scheme.signatory_title),
        **{name: getattr(scheme, name) for name in plain},
        "award_form": scheme.form.value,
        "opens_at": clock_time(scheme.opens_at),
        "closes_at": clock_time(scheme.closes_at),
    }


def _scheme_of(form: SchemeForm) -> dict[str, Any]:
    return {
        "name": translations(form, "name"),
        "form": rules.AwardForm(form.award_form.data),
        "legal_basis": form.legal_basis.data,
        "giver": translations(form, "giver"),
        "signatory_title": translations(form, "signatory_title"),
        "position": form.position.data or 0,
        "thematic": form.thematic.data,
        "nominators": form.nominators.data,
        "opens_at": moment_of(form.opens_at.data),
        "closes_at": moment_of(form.closes_at.data),
        "grace_minutes": form.grace_minutes.data,
    }


def _steps_of(form: EndorsementForm) -> list[dict[str, object]]:
    """Return the steps that have a name; a new one gets its code from its name, and keeps it."""
    found: list[dict[str, object]] = []
    taken: set[str] = set()
    for entry in form.steps:
        name = translations(entry.form, "name")
        if not name:
            continue
        wished = entry.form.code.data or slug(text(name)) or "step"
        code = next(
            each
            for number in range(1, rules.MOST_STEPS + 2)
            if (each := wished if number == 1 else f"{wished}-{number}") not in taken
        )
        taken.add(code)
        found.append({"code": code, "name": name})
    return found


def _standings(
    quotas: list[Quota], used: usage.Used, organisations: dict[int, Any], scheme: Scheme
) -> list[dict[str, Any]]:
    """Return how far each organisation that handed something in has used what it may."""
    rows = []
    categories = {each.id: each for each in scheme.categories}
    for (category_id, organisation_id), count in used.items():
        organisation = organisations[organisation_id]
        quota = rules.find_quota(
            quotas,
            category_id=category_id,
            organisation_id=organisation_id,
            organisation_kind=organisation.kind,
        )
        rows.append(
            {
                "organisation": organisation,
                "category": categories[category_id],
                "count": count,
                "against": rules.count_against(quota, used, organisation_id=organisation_id)
                if quota
                else None,
                "most": quota.most if quota else None,
            }
        )
    return sorted(rows, key=lambda row: (text(row["organisation"].name), row["category"].position))
