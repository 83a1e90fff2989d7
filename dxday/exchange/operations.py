"""Long work of files: comparing one with the draft, and taking it over, carried by a worker."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale

from dxday import db
from dxday.accounts import queries as accounts
from dxday.adapters import storage
from dxday.core.actor import Actor
from dxday.core.errors import NotAllowed
from dxday.core.i18n import lazy_gettext
from dxday.core.permissions import Permission
from dxday.editions.models import Edition
from dxday.exchange import files, rules, services
from dxday.exchange.comparison import Choices
from dxday.exchange.rules import Preview
from dxday.operations import queries as operations
from dxday.operations.kinds import Described, OperationKind, Outcome, Progress
from dxday.operations.models import Operation
from dxday.operations.rules import FileGone

_LONGEST_TEXT = 500
"""How much of a value the preview keeps; the import takes the whole."""

_MOST_ROWS = 2_000
"""How many sessions the preview lists; all are counted."""


def compare(operation: Operation, progress: Progress, now: datetime) -> Outcome:
    """Compare an uploaded file with the draft; keeps the file, and what it would change."""
    edition, _ = _whose(operation)
    store = _storage()
    key = str(operation.arguments["file"])
    try:
        data = store.get(key)
    except storage.FileMissing as error:
        raise FileGone from error
    progress(0, 2)
    with force_locale(str(operation.arguments["locale"])):
        try:
            book = files.read_for(edition, data)
            progress(1, 2)
            preview = services.preview_import(edition, book, choices=_choices(operation.arguments))
        except rules.FileRefused as refused:
            store.delete(key)
            return Outcome(answer={"operation": operation.id, "refused": str(refused)})
        answer = {"operation": operation.id, **as_answer(preview), "tables": not book.makes_rooms}
    progress(2, 2)
    store.delete(key)
    return Outcome(
        data=data,
        file_name=str(operation.arguments["name"]),
        media_type="application/octet-stream",
        answer=answer,
    )


def take_over(operation: Operation, progress: Progress, now: datetime) -> Outcome:
    """Take a compared file over into the draft, in one transaction.  Raises DraftChanged, FileGone."""
    edition, actor = _whose(operation)
    compared = operations.get_operation(edition.id, int(operation.arguments["compared"]))
    if compared.storage_key is None:
        raise FileGone
    try:
        data = _storage().get(compared.storage_key)
    except storage.FileMissing as error:
        raise FileGone from error
    progress(0, 2)
    with force_locale(str(operation.arguments["locale"])):
        book = files.read_for(edition, data)
        progress(1, 2)
        with db.transaction():
            preview = services.import_book(
                edition,
                book,
                choices=_choices(operation.arguments),
                seen=str(operation.arguments["seen"]),
                actor=actor,
                now=now,
            )
    progress(2, 2)
    return Outcome(
        answer={"operation": compared.id, **{fate.value: preview.count(fate) for fate in rules.Fate}}
    )


def as_answer(preview: Preview) -> dict[str, Any]:
    """Return a preview as plain JSON values, in the reader's language, long lists and texts cut."""
    return {
        "counts": dict(preview.counts),
        **{fate.value: preview.count(fate) for fate in rules.Fate},
        "rows": [
            {
                "fate": row.fate.value,
                "title": row.title,
                "code": row.code,
                "row": row.row,
                "differences": [
                    {"what": str(d.what), "was": d.was[:_LONGEST_TEXT], "becomes": d.becomes[:_LONGEST_TEXT]}
                    for d in row.differences
                ],
            }
            for row in preview.rows[:_MOST_ROWS]
        ],
        "errors": [{"row": e.row, "message": str(e.message)} for e in preview.errors[:_MOST_ROWS]],
        "error_count": len(preview.errors),
        "new_rooms": list(preview.new_rooms),
        "fingerprint": preview.fingerprint,
    }


def describe_comparison(answer: Mapping[str, Any]) -> Described:
    """Say where the differences are shown."""
    return Described(
        lines=(),
        label=lazy_gettext("Look at the differences"),
        endpoint="exchange.preview",
        values={"operation_id": answer["operation"]},
    )


def describe_import(answer: Mapping[str, Any]) -> Described:
    """Say what was done."""
    return Described(
        lines=(
            (lazy_gettext("New"), str(answer["new"])),
            (lazy_gettext("Changed"), str(answer["changed"])),
            (lazy_gettext("Cancelled"), str(answer["deleted"])),
        ),
        label=lazy_gettext("To the programme"),
        endpoint="programme.index",
    )


def _whose(operation: Operation) -> tuple[Edition, Actor]:
    """Return the edition and who asked.  Raises NotAllowed when it was taken from them since."""
    edition = db.db.session.get_one(Edition, operation.edition_id)
    actor = accounts.get_actor(operation.requested_by_id)
    if not actor.may(Permission.PROGRAMME_EDIT, edition_id=edition.id):
        raise NotAllowed
    return edition, actor


def _choices(arguments: Mapping[str, Any]) -> Choices:
    return Choices(
        cancel_missing=arguments.get("cancel_missing") is not False,
        make_rooms=arguments.get("make_rooms") is True,
    )


def _storage() -> storage.Storage:
    return storage.open_storage(current_app.extensions["dxday_settings"].storage_url)


COMPARE = OperationKind(
    "programme_compare",
    lazy_gettext("Comparing a file with the programme"),
    Permission.PROGRAMME_EDIT,
    compare,
    describe_comparison,
)
IMPORT = OperationKind(
    "programme_import",
    lazy_gettext("Importing a programme"),
    Permission.PROGRAMME_EDIT,
    take_over,
    describe_import,
)

OPERATIONS = (COMPARE, IMPORT)
