"""Pages: how many may be handed in, until when for whom, and on which days offices work."""

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.accounts import queries as accounts
from dxday.accounts.rules import ORGANISATION_KIND_NAMES
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.core.seen import fingerprint
from dxday.schemes import queries, services
from dxday.schemes.forms import ExtensionForm, HolidayForm, QuotaForm, SeenForm
from dxday.schemes.models import Extension, Quota, Scheme
from dxday.schemes.services import QUOTA_FIELDS
from dxday.web.access import requires
from dxday.web.filters import day, moment, text

bp = Blueprint("scheme_limits", __name__, url_prefix="/manage/<edition_code>/schemes")


@bp.route("/<scheme_code>/quotas/new", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def new_quota(scheme_code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    form = QuotaForm(
        is_new=True, categories=scheme.categories, organisations=accounts.list_all_organisations()
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.add_quota(scheme, actor=g.actor, now=clock.now(), **form.read())
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
        else:
            flash(_("The quota was added."), "success")
            return _back(scheme_code, "quotas")
    return render_template("schemes/quota.html", form=form, scheme=scheme, quota=None, who=""), status


@bp.route("/<scheme_code>/quotas/<int:quota_id>", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def edit_quota(scheme_code: str, quota_id: int) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    quota = queries.get_quota(scheme.id, quota_id)
    form = QuotaForm(is_new=False, data={"seen": fingerprint(quota, QUOTA_FIELDS), "most": quota.most})
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_quota(
                    scheme,
                    quota,
                    seen=form.seen.data or "",
                    most=form.most.data,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
            quota = queries.get_quota(scheme.id, quota_id)
            form.seen.data = fingerprint(quota, QUOTA_FIELDS)
        else:
            flash(_("The quota was saved."), "success")
            return _back(scheme_code, "quotas")
    return render_template(
        "schemes/quota.html", form=form, scheme=scheme, quota=quota, who=_who(quota, scheme)
    ), status


@bp.route("/<scheme_code>/quotas/<int:quota_id>/remove", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def remove_quota(scheme_code: str, quota_id: int) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    quota = queries.get_quota(scheme.id, quota_id)
    form = SeenForm(data={"seen": fingerprint(quota, QUOTA_FIELDS)})
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.remove_quota(
                    scheme, quota, seen=form.seen.data or "", actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
            quota = queries.get_quota(scheme.id, quota_id)
            form.seen.data = fingerprint(quota, QUOTA_FIELDS)
        else:
            flash(_("The quota was removed."), "success")
            return _back(scheme_code, "quotas")
    return render_template(
        "schemes/remove.html",
        form=form,
        scheme=scheme,
        heading=_("Quota"),
        name=_("%(who)s: at most %(most)s", who=_who(quota, scheme), most=quota.most),
        back=url_for(".edit_quota", scheme_code=scheme_code, quota_id=quota_id),
    ), status


@bp.route("/<scheme_code>/extensions/new", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def new_extension(scheme_code: str) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    form = ExtensionForm(categories=scheme.categories, organisations=accounts.list_all_organisations())
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.extend_call(scheme, g.edition, actor=g.actor, now=clock.now(), **form.read())
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            scheme = queries.get_scheme(g.edition.id, scheme_code)
        else:
            flash(_("The closing time was extended."), "success")
            return _back(scheme_code, "calendar")
    return render_template(
        "schemes/extension.html", form=form, scheme=scheme, call=queries.get_regular_call(scheme, g.edition)
    ), status


@bp.route("/<scheme_code>/extensions/<int:extension_id>/withdraw", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def withdraw_extension(scheme_code: str, extension_id: int) -> ResponseReturnValue:
    scheme = queries.get_scheme(g.edition.id, scheme_code)
    extension = queries.get_extension(scheme.id, extension_id)
    form = SeenForm(data={"seen": str(extension.id)})
    if form.validate_on_submit():
        with db.transaction():
            services.withdraw_extension(scheme, extension, actor=g.actor, now=clock.now())
        flash(_("The extension was withdrawn."), "success")
        return _back(scheme_code, "calendar")
    return render_template(
        "schemes/remove.html",
        form=form,
        scheme=scheme,
        heading=_("Extension"),
        name=_("%(who)s: until %(until)s", who=_who(extension, scheme), until=moment(extension.closes_at)),
        back=url_for("schemes.show", scheme_code=scheme_code) + "#calendar",
    )


@bp.route("/holidays", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def holidays() -> ResponseReturnValue:
    form = HolidayForm()
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.add_holiday(
                    form.day.data,
                    name=form.name.data,
                    off=form.off.data == "off",
                    source=form.source.data,
                    actor=g.actor,
                    now=clock.now(),
                    edition_id=g.edition.id,
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("%(day)s was added.", day=day(form.day.data)), "success")
            return redirect(url_for(".holidays"))
    return render_template("schemes/holidays.html", form=form, holidays=queries.list_holidays()), status


@bp.route("/holidays/<int:holiday_id>/remove", methods=["GET", "POST"])
@requires(Permission.SCHEME_EDIT)
def remove_holiday(holiday_id: int) -> ResponseReturnValue:
    holiday = queries.get_holiday(holiday_id)
    form = SeenForm(data={"seen": str(holiday.id)})
    if form.validate_on_submit():
        with db.transaction():
            services.remove_holiday(holiday, actor=g.actor, now=clock.now(), edition_id=g.edition.id)
        flash(_("%(day)s was removed.", day=day(holiday.day)), "success")
        return redirect(url_for(".holidays"))
    return render_template(
        "schemes/remove.html",
        form=form,
        scheme=None,
        heading=_("Holidays and working days"),
        name=f"{day(holiday.day)}: {holiday.name}",
        back=url_for(".holidays"),
    )


def _back(scheme_code: str, part: str) -> ResponseReturnValue:
    return redirect(url_for("schemes.show", scheme_code=scheme_code) + f"#{part}")


def _who(limit: Quota | Extension, scheme: Scheme) -> str:
    """Return for whom a quota or an extension holds, in words."""
    organisation = accounts.find_organisation(limit.organisation_id) if limit.organisation_id else None
    kind = limit.organisation_kind if isinstance(limit, Quota) else None
    category = next((each for each in scheme.categories if each.id == limit.category_id), None)
    who = (
        text(organisation.name)
        if organisation
        else str(ORGANISATION_KIND_NAMES[kind])
        if kind
        else _("Everybody")
    )
    return f"{who} · {text(category.name) if category else _('All categories')}"
