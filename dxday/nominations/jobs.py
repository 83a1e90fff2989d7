"""Files: hand out what waits in quarantine, have one looked at, record it once.  Links of endorsers that run out.

What stands open and is sensitive: seal it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import structlog
from flask import current_app

from dxday import db, leases
from dxday.adapters.sealing import SealBroken
from dxday.adapters.storage import FileMissing, Storage, StorageUnavailable, open_storage
from dxday.adapters.virus_scan import ScannerUnavailable
from dxday.core.carriage import Carriage
from dxday.nominations import files, rules, sealing, seals, sections, settings
from dxday.nominations.models import Attachment, Nomination, NomineeList
from dxday.nominations.services import endorsing, sealing_again

log = structlog.get_logger()

AT_ONCE = 200
Row = TypeVar("Row", Nomination, NomineeList)


def hand_out_files(now: datetime) -> list[int]:
    """Return the ids of files to check, marked as handed to the queue for a minute.

    What a dead worker held waits again: looking at a file twice does no harm.
    """
    with db.transaction():
        leases.release_expired(Attachment, to=Carriage.QUEUED, now=now)
        return leases.hand_out(Attachment, now=now)


def scan_file(row_id: int, now: datetime) -> Carriage | None:
    """Have one file looked at and return what became of it; None when it is not due or another worker has it.

    Claim, ask, settle: the database is not held while the scanner looks.  Without an answer the file stays in
    quarantine and is tried again, however often.  Where no scanner is set any more, the check of the content that
    every file has passed is the whole check.
    """
    with db.transaction():
        attachment = leases.claim(Attachment, row_id, now=now)
    if attachment is None:
        return None
    try:
        found = _look(attachment)
    except (ScannerUnavailable, FileMissing, StorageUnavailable, SealBroken) as error:
        wait = rules.wait_for_scanner(attachment.tries)
        log.warning("scan_failed", row=row_id, error=str(error))
        with db.transaction():
            leases.settle(attachment, to=Carriage.QUEUED, error=str(error)[:500], due_at=now + wait)
        return Carriage.QUEUED
    with db.transaction():
        recorded = files.record_checked(attachment, found=found, now=now)
    log.info("file_scanned", row=row_id, found=found, recorded=recorded)
    return Carriage.DONE if recorded else None


def expire_endorsements(now: datetime) -> int:
    """Write down which links of endorsers have run out, and return how many; they are dead before that too."""
    with db.transaction():
        return endorsing.expire_endorsements(now)


@dataclass(frozen=True)
class Swept:
    """What was sealed or opened, how many keys were wrapped anew, and the codes of what could not be opened."""

    answers: int = 0
    files: int = 0
    lists: int = 0
    wrapped: int = 0
    broken: tuple[str, ...] = ()


def seal_dossiers(now: datetime) -> int:
    """Seal what became sensitive after it was written, and return how many answers, files and lists that were."""
    swept = seal_what_is_open(now)
    return swept.answers + swept.files + swept.lists


def seal_what_is_open(now: datetime) -> Swept:
    """Seal every sensitive answer and file that stands open, and every list; one dossier in a transaction.

    It can be ended at any moment and begun again.  What cannot be opened is passed over.
    """
    storage = _storage()
    answers = files_sealed = lists = 0
    broken: list[str] = []
    for nomination in _walk(seals.list_unsettled):
        try:
            with db.transaction():
                settled = sealing_again.settle_dossier(nomination, storage=storage, now=now)
        except (SealBroken, sections.SealedAway, StorageUnavailable) as error:
            log.warning("not_sealed", nomination=nomination.code, error=str(error))
            broken.append(nomination.code)
            continue
        sealing_again.delete_copies(settled.copies, storage)
        answers, files_sealed = answers + settled.answers, files_sealed + settled.files
    for kept in _walk(seals.list_open_lists):
        with db.transaction():
            copy = sealing_again.seal_list(kept, storage=storage, now=now)
        if copy is not None:
            sealing_again.delete_copies([copy], storage)
            lists += 1
    if answers or lists:
        db.flush_old_pages()
    return Swept(answers, files_sealed, lists, broken=tuple(broken))


def rotate_keys(now: datetime) -> Swept:
    """Wrap the keys of all dossiers and lists with the newest key of the settings; then seal what stands open.

    It can be ended at any moment and begun again: what is wrapped with the newest key already is left alone.
    """
    wrapped = 0
    broken: list[str] = []
    for done, failed in (*_wrap_again(Nomination, now), *_wrap_again(NomineeList, now)):
        wrapped, broken = wrapped + done, broken + failed
    swept = seal_what_is_open(now)
    return replace(swept, wrapped=wrapped, broken=tuple(sorted({*broken, *swept.broken})))


def _wrap_again(model: type[Row], now: datetime) -> Iterator[tuple[int, list[str]]]:
    newest, after = settings.get_sealer().newest, 0
    while found := seals.list_wrapped_otherwise(model, newest, after=after, limit=AT_ONCE):
        after = found[-1].id
        with db.transaction():
            done, failed = sealing_again.wrap_again(found)
            if done:
                sealing_again.note_rotation(wrapped=done, now=now)
        yield done, failed


def delete_open_copies() -> None:
    """Delete what an interrupted `seal_what_is_open` left: files that are stored sealed as well."""
    storage = _storage()
    for key in seals.list_resealed_keys(sealing_again.SUFFIX):
        storage.delete(key.removesuffix(sealing_again.SUFFIX))


def _walk(load: Callable[..., list[Row]]) -> Iterator[Row]:
    """Go through rows in the order of their ids, some at a time; one that stays as it is does not come twice."""
    after = 0
    while found := load(after=after, limit=AT_ONCE):
        after = found[-1].id
        yield from found


def _storage() -> Storage:
    return open_storage(current_app.extensions["dxday_settings"].storage_url)


def _look(attachment: Attachment) -> str | None:
    scanner = settings.find_scanner()
    if scanner is None:
        return None
    storage = _storage()
    nomination = db.db.session.get_one(Nomination, attachment.nomination_id)
    return scanner.scan(sealing.read_file(nomination, attachment, storage))
