"""The front page of an edition, and the first page of those who organise it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dxday.ceremony.queries import hall
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.permissions import Permission
from dxday.editions import queries as editions
from dxday.editions.models import Edition
from dxday.programme import announcing
from dxday.public import queries
from dxday.public.samples import samples
from dxday.sites import queries as sites
from dxday.web.access import open_to_all, requires, signed_in_only
from dxday.web.languages import current_locale

bp = Blueprint("public", __name__)
staff = Blueprint("staff", __name__)


@bp.get("/")
@open_to_all
def home() -> ResponseReturnValue:
    now = clock.now()
    g.edition = editions.find_current_edition(_today(current_app.config["BABEL_DEFAULT_TIMEZONE"], now))
    if g.edition is None:
        return render_template("public/no_edition.html")
    return _front(g.edition, now)


@bp.get("/<edition_code>/")
@open_to_all
def edition() -> ResponseReturnValue:
    return _front(g.edition, clock.now())


@bp.get("/manage/style")
@requires(Permission.STAFF_HOME)
def style() -> ResponseReturnValue:
    return render_template("style/show.html", **samples())


@staff.get("/my/")
@signed_in_only
def desk() -> ResponseReturnValue:
    own = [grant.site_id for grant in g.actor.grants if grant.site_id is not None]
    return render_template(
        "staff/desk.html", editions=editions.list_editions(), own_sites=sites.list_sites_by_id(own)
    )


@staff.get("/manage/")
@signed_in_only
def start() -> ResponseReturnValue:
    return redirect(url_for("staff.desk"))


@staff.get("/manage/<edition_code>/", endpoint="home")
@requires(Permission.EDITION_MANAGE)
def staff_home() -> ResponseReturnValue:
    now = clock.now()
    glance = queries.glance(g.edition.id)
    return render_template(
        "staff/home.html",
        glance=glance,
        needs=_needs(glance),
        stage=g.edition.stage(_today(g.edition.time_zone, now)),
        days=(g.edition.starts_on - _today(g.edition.time_zone, now)).days,
        now=now,
    )


def _front(edition: Edition, now: datetime) -> ResponseReturnValue:
    today = _today(edition.time_zone, now)
    return render_template(
        "public/home.html",
        now=now,
        today=today,
        days=(edition.starts_on - today).days,
        stage=edition.stage(today),
        sites=queries.list_site_seats(edition.id),
        documents=editions.list_documents(edition.id),
        sessions=queries.list_first_sessions(edition.id, 4),
        honours=hall.list_first(edition.id, 6),
        linked=announcing.describe_edition(edition, locale=current_locale()),
        others=[other for other in editions.list_editions() if other.id != edition.id],
    )


def _needs(glance: queries.Glance) -> list[tuple[str, int]]:
    """Return what waits for somebody, by the key under which the template knows its words and its action."""
    waiting = [
        ("unplaced", glance.unplaced),
        (
            "failed_messages",
            glance.messages.get(Carriage.FAILED, 0) + glance.messages.get(Carriage.UNKNOWN, 0),
        ),
        ("failed_certificates", glance.certificates.get(Carriage.FAILED, 0)),
        ("proposals", glance.proposals),
        ("draft_sessions", next((n for state, n in glance.sessions.items() if state == "draft"), 0)),
    ]
    return [(key, number) for key, number in waiting if number]


def _today(zone: str, now: datetime) -> date:
    return now.astimezone(ZoneInfo(zone)).date()
