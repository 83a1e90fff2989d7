"""Pages: what would go out and whom it concerns, releasing it, earlier releases, and going back to one."""

from collections.abc import Sequence

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.conflicts import queries as conflicts
from dxday.conflicts.rules import Level
from dxday.core import clock
from dxday.core.errors import Refusal, Stale
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.core.seen import fingerprint_of
from dxday.programme.publishing import Change
from dxday.programme.rules import EntryChange
from dxday.releases import queries, services, shown
from dxday.releases.forms import ReleaseForm, RollBackForm
from dxday.web.access import requires
from dxday.web.forms import translations

bp = Blueprint("releases", __name__, url_prefix="/manage/<edition_code>/programme/releases")

SHOWN = 100
"""Sessions that a page lists in full; the rest is counted."""


@bp.route("", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_RELEASE)
def index() -> ResponseReturnValue:
    form = ReleaseForm()
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                _check_seen(form)
                release = services.release_programme(
                    g.edition,
                    name=form.name.data or "",
                    note=translations(form, "note"),
                    force=bool(form.force.data),
                    reason=form.reason.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("Released: everybody sees “%(name)s” now.", name=release.name), "success")
            return redirect(url_for(".show", number=release.number))
    found = queries.find_changes(g.edition.id)
    names = queries.names_of(g.edition.id)
    listed = queries.list_releases(g.edition.id)
    form.seen.data = _fingerprint(found)
    if not form.name.data:
        form.name.data = _("Version %(number)s", number=(listed[0].release.number if listed else 0) + 1)
    return render_template(
        "releases/index.html",
        form=form,
        items=[
            shown.item(each.session_id, each.change, each.was, each.becomes, names) for each in found[:SHOWN]
        ],
        more=max(len(found) - SHOWN, 0),
        counts={kind: sum(1 for each in found if each.change is kind) for kind in EntryChange},
        affected=queries.find_affected(g.edition.id, found, now=clock.now()),
        standing=conflicts.list_standing(g.edition.id, Level.BLOCK_RELEASE),
        listed=listed,
    ), status


@bp.get("/<int:number>")
@requires(Permission.PROGRAMME_RELEASE)
def show(number: int) -> ResponseReturnValue:
    release = queries.get_release(g.edition.id, number)
    entries = queries.list_entries([release])[release.id]
    names = queries.names_of(g.edition.id)
    return render_template(
        "releases/show.html",
        release=release,
        items=[shown.item(e.session_id, e.change, e.was, e.becomes, names) for e in entries[:SHOWN]],
        more=max(len(entries) - SHOWN, 0),
        latest=queries.find_latest(g.edition.id),
    )


@bp.route("/<int:number>/roll-back", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_RELEASE)
def roll_back(number: int) -> ResponseReturnValue:
    release = queries.get_release(g.edition.id, number)
    if RollBackForm().validate_on_submit():
        try:
            with db.transaction():
                count = services.roll_back(g.edition, release, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            flash(
                _(
                    "The draft is as “%(name)s” left it: %(count)s sessions were changed. Visitors see it when you "
                    "release it.",
                    name=release.name,
                    count=count,
                ),
                "success",
            )
        return redirect(url_for(".index"))
    return render_template("releases/roll_back.html", release=release)


def _check_seen(form: ReleaseForm) -> None:
    """Raise Stale when what would go out is no more what the person had before them."""
    if form.seen.data and form.seen.data != _fingerprint(queries.find_changes(g.edition.id)):
        raise Stale


def _fingerprint(found: Sequence[Change]) -> str:
    return fingerprint_of([(each.session_id, each.becomes) for each in found])
