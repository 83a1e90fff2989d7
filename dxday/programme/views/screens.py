"""The programme away from its pages: on the screens in the halls, on paper, and in the pages of others."""

from datetime import UTC, datetime

from flask import Blueprint, Response, current_app, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from dxday.core import clock
from dxday.core.i18n import pick
from dxday.programme import queries
from dxday.programme.rules import MODE_NAMES, PART_KIND_NAMES, SESSION_KIND_NAMES
from dxday.programme.shown import Programme, language_name, zone_name
from dxday.programme.views.shared import Choice
from dxday.sites import queries as sites
from dxday.web.access import open_to_all
from dxday.web.filters import local
from dxday.web.kept import kept
from dxday.web.languages import current_locale, without_cookie
from dxday.web.requests import CSP

bp = Blueprint("programme_screens", __name__)

FRAMED = CSP.replace("frame-ancestors 'none'", "frame-ancestors *")
"""The policy of the one page that others may show in a frame of theirs: it knows nobody and changes nothing."""


@bp.get("/<edition_code>/now")
@open_to_all
@kept(minutes=1)
def everywhere() -> ResponseReturnValue:
    programme, now = Programme(g.edition), _this_minute()
    halls = [(site, *programme.now_and_next(site, now, most=1)) for site in programme.sites]
    return render_template(
        "programme/now_everywhere.html", halls=halls, now=now, today=now.astimezone(programme.zone).date()
    )


@bp.get("/<edition_code>/sites/<site_code>/now")
@open_to_all
@kept(minutes=1)
def hall(site_code: str) -> ResponseReturnValue:
    site = sites.get_site(g.edition.id, site_code)
    programme, now = Programme(g.edition), _this_minute()
    running, following = programme.now_and_next(site, now, most=3)
    return render_template(
        "programme/now.html",
        site=site,
        running=running,
        following=following,
        now=now,
        today=now.astimezone(programme.zone).date(),
    )


def _this_minute() -> datetime:
    return datetime.fromtimestamp(clock.now().timestamp() // 60 * 60, tz=UTC)


@bp.get("/<edition_code>/sites/<site_code>/run-sheet.pdf")
@open_to_all
@kept()
def run_sheet(site_code: str) -> ResponseReturnValue:
    site = sites.get_site(g.edition.id, site_code)
    placements = queries.list_run(g.edition.id, site.id)
    origins = {
        showing.session_id: showing.site_id
        for showing in queries.list_showings(g.edition.id)
        if showing.role == "origin"
    }
    changed_at = max((p.session.updated_at for p in placements), default=None)
    title = f"{_('Run sheet')} · {pick(site.name, current_locale())}"
    page = render_template(
        "pdf/run_sheet.html",
        title=title,
        site=site,
        placements=[{"day": local(p.starts_at).date(), "placed": p} for p in placements],
        origins=origins,
        site_names={each.id: each.name for each in sites.list_sites(g.edition.id)},
        changed_at=changed_at,
        zone=zone_name(g.edition),
        kind_names=SESSION_KIND_NAMES,
        mode_names=MODE_NAMES,
        part_names=PART_KIND_NAMES,
        language_name=language_name,
    )
    from dxday.adapters import pdf  # WeasyPrint takes a second to load: only who draws pays for it

    body = pdf.render_pdf(page, title=title, lang=current_locale(), made_at=changed_at)
    name = f"{g.edition.code}-{site.code}.pdf"
    return Response(
        body, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )


@bp.get("/<edition_code>/widget")
@open_to_all
@without_cookie
@kept("site", "day")
def widget() -> ResponseReturnValue:
    programme = Programme(g.edition)
    choice = Choice(programme)
    days = (
        programme.site_days(choice.site, on=choice.on)
        if choice.site
        else programme.list_days(lambda _entry: True, on=choice.on)
    )
    page = render_template(
        "programme/widget.html", days=days, choice=choice, zone=zone_name(g.edition), all_days="all"
    )
    return Response(
        page,
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": FRAMED, "X-Robots-Tag": "noindex"},
    )


@bp.get("/<edition_code>/widget.js")
@open_to_all
def widget_script() -> ResponseReturnValue:
    response = current_app.send_static_file("js/widget.js")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
