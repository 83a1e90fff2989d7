"""Pages for everybody: what each release of the programme changed, to read and to subscribe to."""

from datetime import UTC, datetime

from flask import Blueprint, Response, g, render_template
from flask.typing import ResponseReturnValue

from dxday.adapters import atom
from dxday.core.i18n import gettext as _
from dxday.core.i18n import pick
from dxday.notifications import addresses
from dxday.programme.models import Release
from dxday.releases import queries, shown
from dxday.web.access import open_to_all
from dxday.web.kept import kept
from dxday.web.languages import current_locale

bp = Blueprint("releases_public", __name__)

LATEST = 20
"""Releases that are shown and fed; more is history for organizers."""


@bp.get("/<edition_code>/schedule/changes")
@open_to_all
@kept()
def changes() -> ResponseReturnValue:
    return render_template("releases/changes.html", releases=_latest())


@bp.get("/<edition_code>/schedule/changes.atom")
@open_to_all
@kept(by_host=True)
def feed() -> ResponseReturnValue:
    releases = _latest()
    page = addresses.address("releases_public.changes")
    body = atom.feed_of(
        [
            atom.AtomEntry(
                id=f"{page}#release-{release.number}",
                title=f"{release.number}. {release.name}",
                url=f"{page}#release-{release.number}",
                updated=release.created_at,
                text="\n".join(_lines(release.note, items)),
            )
            for release, items in releases
        ],
        id=addresses.address("releases_public.feed"),
        title=_("Changes of the programme: %(edition)s", edition=pick(g.edition.name, current_locale())),
        author=pick(g.edition.host.name, current_locale()),
        url=page,
        self_url=addresses.address("releases_public.feed"),
        updated=releases[0][0].created_at if releases else datetime(2000, 1, 1, tzinfo=UTC),
        language=current_locale(),
    )
    return Response(body, content_type=atom.MEDIA_TYPE)


def _latest() -> list[tuple[Release, list[shown.Item]]]:
    releases = [each.release for each in queries.list_releases(g.edition.id, limit=LATEST)]
    entries = queries.list_entries(releases)
    names = queries.names_of(g.edition.id)
    shown_of: dict[int, list[shown.Item]] = {}
    for release in releases:
        items = (shown.item(e.session_id, e.change, e.was, e.becomes, names) for e in entries[release.id])
        shown_of[release.id] = [told for each in items if (told := shown.for_visitors(each)) is not None]
    return [(release, shown_of[release.id]) for release in releases]


def _lines(note: dict[str, str] | None, items: list[shown.Item]) -> list[str]:
    lines = [pick(note, current_locale())] if note else []
    for item in items:
        lines.append(f"{item.word}: “{pick(item.title, current_locale())}”, {item.when}")
        lines += [f"  {shown.sentence(line)}" for line in item.lines]
    return lines
