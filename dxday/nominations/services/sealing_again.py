"""Sealing what stands open, because it came before or became sensitive later, and wrapping keys with a newer one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update

from dxday.adapters.sealing import SealBroken
from dxday.adapters.storage import FileMissing, Storage
from dxday.audit import services as audit
from dxday.core.actor import SYSTEM
from dxday.db import db, table_of
from dxday.nominations import queries, sealing, seals, settings
from dxday.nominations.models import Attachment, Nomination, NomineeList
from dxday.nominations.services import row
from dxday.schemes.models import DossierItem

SUFFIX = ".sealed"
"""What was stored open is stored sealed under another key of the storage, so that a row never speaks of other bytes."""


@dataclass(frozen=True)
class Settled:
    """How many answers and files of a dossier were sealed or opened, and which stored files are open copies now."""

    answers: int
    files: int
    copies: tuple[str, ...]


def settle_dossier(nomination: Nomination, *, storage: Storage, now: datetime) -> Settled:
    """Seal what is sensitive in a dossier and stands open; open answers that are sensitive no more.

    The caller deletes the copies after the commit.  What is compared with other dossiers is made anew, for it changes.
    Raises SealBroken, StorageUnavailable.
    """
    row.lock(nomination)
    answers, items = queries.list_answers(nomination.id), seals.map_items(nomination)
    changed = 0
    for code, answer in answers.items():
        item = items.get(code)
        if item is None or item.sensitive is (answer.sealed is not None):
            continue
        if value := sealing.read_answer(nomination, answer):
            sealing.write_answer(nomination, answer, value, sensitive=item.sensitive)
            changed += 1
    copies = [
        copy
        for attachment, item in seals.list_open_files(nomination.id)
        if (copy := _seal_file(nomination, attachment, item, storage)) is not None
    ]
    db.session.flush()
    db.session.execute(
        update(table_of(Nomination))
        .where(table_of(Nomination).c.id == nomination.id)
        .values(version=Nomination.version + 1)
    )
    db.session.refresh(nomination, attribute_names=["version"])
    row.record("nomination.sealed", nomination, actor=SYSTEM, now=now, answers=changed, files=len(copies))
    return Settled(changed, len(copies), tuple(copies))


def seal_list(kept: NomineeList, *, storage: Storage, now: datetime) -> str | None:
    """Seal a list of nominees that is stored open; return the stored file that is a copy now, None if it is gone."""
    db.session.refresh(kept, with_for_update=True)
    if kept.seal is not None:
        return None
    try:
        data = storage.get(kept.storage_key)
    except FileMissing:
        return None
    copy, kept.storage_key = kept.storage_key, kept.storage_key + SUFFIX
    storage.put(kept.storage_key, sealing.seal_list(kept, data))
    db.session.flush()
    audit.record("nominee_list.sealed", subject=kept.code, actor=SYSTEM, now=now, edition_id=kept.edition_id)
    return copy


def wrap_again(things: Iterable[Nomination | NomineeList]) -> tuple[int, list[str]]:
    """Wrap the keys of dossiers or lists with the newest key of the settings, which is no change of theirs.

    Return how many, and the codes of those whose key cannot be opened.
    """
    sealer, wrapped, broken = settings.get_sealer(), 0, []
    for thing in things:
        table = table_of(type(thing))
        try:
            seal = sealer.wrap_again(thing.seal or "", sealing.place_of(thing))
        except SealBroken:
            broken.append(thing.code)
            continue
        db.session.execute(
            update(table).where(table.c.id == thing.id, table.c.seal == thing.seal).values(seal=seal)
        )
        wrapped += 1
    return wrapped, broken


def note_rotation(*, wrapped: int, now: datetime) -> None:
    """Note that keys of dossiers were wrapped anew."""
    audit.record(
        "sealing_key.rotated",
        subject=settings.get_sealer().newest,
        actor=SYSTEM,
        now=now,
        wrapped=wrapped,
    )


def delete_copies(copies: Iterable[str], storage: Storage) -> None:
    """Delete stored files that were sealed meanwhile under another key of the storage."""
    for copy in copies:
        storage.delete(copy)


def _seal_file(
    nomination: Nomination, attachment: Attachment, item: DossierItem, storage: Storage
) -> str | None:
    try:
        data = storage.get(attachment.storage_key)
    except FileMissing:
        return None
    kept = sealing.prepare_file(
        nomination,
        attachment.code,
        filename=attachment.filename,
        data=data,
        sha256=attachment.sha256,
        item_code=item.code,
    )
    copy = attachment.storage_key
    attachment.storage_key = storage.put(copy + SUFFIX, kept.data).key
    attachment.filename, attachment.sha256, attachment.sealed = kept.filename, kept.sha256, True
    return copy
