"""Long work of registration: the list of everybody who registered, as a table for spreadsheet programs."""

import csv
import io
from datetime import datetime

from flask_babel import force_locale

from dxday import db
from dxday.accounts import queries as accounts
from dxday.adapters import spreadsheets
from dxday.core.errors import NotAllowed
from dxday.core.i18n import gettext as _
from dxday.core.i18n import lazy_gettext, pick
from dxday.core.permissions import Permission
from dxday.operations.kinds import OperationKind, Outcome, Progress
from dxday.operations.models import Operation
from dxday.registration import queries, rules, services
from dxday.registration.models import Registration
from dxday.web.filters import clock as clock_time
from dxday.web.filters import day_short, in_zone_of

_MARK = b"\xef\xbb\xbf"
"""Lets spreadsheet programs read the file as UTF-8."""

_STRIDE = 500
"""Rows between two words about how far it is."""


def export(operation: Operation, progress: Progress, now: datetime) -> Outcome:
    """Return everybody who registered in the edition as CSV, in the language of who asked; noted in the trail."""
    edition = queries.get_edition(operation.edition_id or 0)
    actor = accounts.get_actor(operation.requested_by_id)
    if not actor.may(Permission.REGISTRATION_VIEW, edition_id=edition.id):
        raise NotAllowed  # it was taken from them since they asked
    locale = str(operation.arguments["locale"])
    rows = queries.list_for_export(edition.id)
    progress(0, len(rows))
    file = io.StringIO()
    out = csv.writer(file)
    with force_locale(locale), in_zone_of(edition):
        out.writerow(_heads())
        for number, row in enumerate(rows, start=1):
            out.writerow([spreadsheets.plain_cell(cell) for cell in _cells(row, locale)])
            if number % _STRIDE == 0:
                progress(number, len(rows))
    progress(len(rows), len(rows))
    with db.transaction():
        services.note_export(edition, count=len(rows), actor=actor, now=now)
    return Outcome(
        data=_MARK + file.getvalue().encode(),
        file_name=f"registrations-{edition.code}.csv",
        media_type="text/csv; charset=utf-8",
        answer={"rows": len(rows)},
    )


def _heads() -> tuple[str, ...]:
    return (
        _("Code"),
        _("Full name"),
        _("E-mail address"),
        _("Organisation"),
        _("Site"),
        _("How"),
        _("State"),
        _("Registered at"),
    )


def _cells(row: Registration, locale: str) -> tuple[str, ...]:
    return (
        row.code,
        row.full_name,
        row.email,
        row.organisation_name,
        pick(row.pool.site.name, locale),
        str(rules.SEAT_MODE_NAMES[row.pool.mode]),
        str(rules.REGISTRATION_STATE_NAMES[row.state]),
        f"{day_short(row.created_at)} {clock_time(row.created_at)}",
    )


EXPORT = OperationKind(
    "registrations_export", lazy_gettext("Registrations as CSV"), Permission.REGISTRATION_VIEW, export
)

OPERATIONS = (EXPORT,)
