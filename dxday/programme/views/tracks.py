"""Pages: the tracks of an edition."""

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.core.seen import fingerprint
from dxday.programme import queries, tracks
from dxday.programme.forms import TrackForm
from dxday.web.access import requires
from dxday.web.filters import text
from dxday.web.forms import spread, translations

bp = Blueprint("tracks", __name__, url_prefix="/manage/<edition_code>/tracks")


@bp.get("/")
@requires(Permission.PROGRAMME_EDIT)
def index() -> ResponseReturnValue:
    return render_template(
        "tracks/index.html",
        tracks=queries.list_tracks(g.edition.id),
        counts=queries.count_by_track(g.edition.id),
    )


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def new() -> ResponseReturnValue:
    form = TrackForm(is_new=True)
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                track = tracks.add_track(
                    g.edition,
                    form.code.data,
                    name=translations(form, "name"),
                    position=form.position.data or 0,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("“%(track)s” was added.", track=text(track.name)), "success")
            return redirect(url_for(".index"))
    return render_template("tracks/edit.html", form=form, track=None), status


@bp.route("/<track_code>", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def edit(track_code: str) -> ResponseReturnValue:
    track = queries.get_track(g.edition.id, track_code)
    form = TrackForm(
        is_new=False,
        data={
            "seen": fingerprint(track, tracks.TRACK_FIELDS),
            **spread("name", track.name),
            "position": track.position,
        },
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                tracks.change_track(
                    track,
                    seen=form.seen.data or "",
                    name=translations(form, "name"),
                    position=form.position.data or 0,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            track = queries.get_track(g.edition.id, track_code)
            form.seen.data = fingerprint(track, tracks.TRACK_FIELDS)
        else:
            flash(_("“%(track)s” was saved.", track=text(track.name)), "success")
            return redirect(url_for(".index"))
    return render_template("tracks/edit.html", form=form, track=track), status
