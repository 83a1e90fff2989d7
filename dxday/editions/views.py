"""The page on which an organizer changes an edition."""

from datetime import datetime

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.editions import services
from dxday.editions.forms import EditionForm
from dxday.editions.models import Edition
from dxday.web.access import requires
from dxday.web.filters import local, zone
from dxday.web.forms import seen_version, spread, translations

bp = Blueprint("editions", __name__)

MOMENTS = ("registration_opens_at", "registration_closes_at", "nominations_open_at", "nominations_close_at")


@bp.route("/manage/<edition_code>/edition", methods=["GET", "POST"])
@requires(Permission.EDITION_MANAGE)
def edit() -> ResponseReturnValue:
    edition = g.edition
    form = EditionForm(data=_shown(edition))
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_edition(
                    edition,
                    version=seen_version(form.version),
                    actor=g.actor,
                    now=clock.now(),
                    name=translations(form, "name"),
                    theme=translations(form, "theme") or None,
                    summary=translations(form, "summary") or None,
                    starts_on=form.starts_on.data,
                    ends_on=form.ends_on.data,
                    ceremony_on=form.ceremony_on.data,
                    contact_email=form.contact_email.data or None,
                    **{name: _moment(form[name].data) for name in MOMENTS},
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The edition was saved."), "success")
            return redirect(url_for("staff.home"))
    return render_template("editions/edit.html", form=form)


def _shown(edition: Edition) -> dict[str, object]:
    return {
        **spread("name", edition.name),
        **spread("theme", edition.theme),
        **spread("summary", edition.summary),
        "version": edition.version,
        "starts_on": edition.starts_on,
        "ends_on": edition.ends_on,
        "ceremony_on": edition.ceremony_on,
        "contact_email": edition.contact_email,
        **{name: local(value).replace(tzinfo=None) for name in MOMENTS if (value := getattr(edition, name))},
    }


def _moment(clock_time: datetime | None) -> datetime | None:
    return clock_time.replace(tzinfo=zone()) if clock_time else None
