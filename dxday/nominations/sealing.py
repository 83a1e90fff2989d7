"""What of a dossier is sealed at rest, for which place, and how it is read.

A dossier's own key is kept wrapped in its row; answers and files are sealed with it, each for its own place, so that
rows which are swapped cannot be opened.  See `adapters.sealing`.
"""

from dataclasses import dataclass

from sqlalchemy import select

from dxday.adapters.sealing import Envelope, SealBroken
from dxday.adapters.storage import Storage
from dxday.db import db
from dxday.nominations import sections, settings
from dxday.nominations.models import Attachment, DossierAnswer, Nomination, NomineeList


@dataclass(frozen=True)
class ToKeep:
    """A file as it goes into the storage and into its row."""

    filename: str
    data: bytes
    sha256: str
    sealed: bool


def place_of(thing: Nomination | NomineeList) -> str:
    """Return the place for which the key of a dossier or of a list is wrapped."""
    kind = "nomination" if isinstance(thing, Nomination) else "list"
    return f"{kind}:{thing.edition_id}:{thing.code}"


def take_envelope(thing: Nomination | NomineeList) -> Envelope:
    """Return the key of a dossier or of a list, made now where it has none; the caller holds its row.

    Raises SealBroken.
    """
    sealer, place = settings.get_sealer(), place_of(thing)
    if thing.seal is not None:
        return sealer.open(thing.seal, place)
    thing.seal, envelope = sealer.make(place)
    return envelope


def open_envelope(thing: Nomination | NomineeList) -> Envelope:
    """Return the key of a dossier or of a list.  Raises SealBroken, also where it has none."""
    if thing.seal is None:
        raise SealBroken(f"the key of {place_of(thing)} is gone")
    return settings.get_sealer().open(thing.seal, place_of(thing))


def read_answer(nomination: Nomination, answer: DossierAnswer) -> str:
    """Return what was answered.  Raises SealBroken."""
    if answer.sealed is None:
        return answer.value or ""
    return open_envelope(nomination).open_text(answer.sealed, _place_of_answer(nomination, answer.code))


def write_answer(nomination: Nomination, answer: DossierAnswer, value: str, *, sensitive: bool) -> None:
    """Put an answer into its row, sealed where it is sensitive; the caller holds the nomination.

    Raises SealBroken.
    """
    if not sensitive or not value:  # that nothing was answered is no secret
        answer.value, answer.sealed = value, None
        return
    place = _place_of_answer(nomination, answer.code)
    answer.value, answer.sealed = None, take_envelope(nomination).seal_text(value, place)


def prepare_file(
    nomination: Nomination, code: str, *, filename: str, data: bytes, sha256: str, item_code: str | None
) -> ToKeep:
    """Return a file as it is kept: of a sensitive item (`item_code`) sealed, under a name that says nothing.

    The caller holds the nomination.  Raises SealedAway.
    """
    if item_code is None:
        return ToKeep(filename, data, sha256, sealed=False)
    try:
        envelope = take_envelope(nomination)
    except SealBroken as error:
        raise sections.SealedAway(what=item_code) from error
    _, dot, ending = filename.rpartition(".")
    return ToKeep(
        f"{item_code}-{code.lower()}{dot}{ending if dot else ''}",
        envelope.seal(data, _place_of_file(nomination, code)),
        envelope.digest(data),
        sealed=True,
    )


def read_file(nomination: Nomination, attachment: Attachment, storage: Storage) -> bytes:
    """Return what was sent.  Raises FileMissing, StorageUnavailable, SealBroken."""
    data = storage.get(attachment.storage_key)
    if not attachment.sealed:
        return data
    return open_envelope(nomination).open(data, _place_of_file(nomination, attachment.code))


def read_list(kept: NomineeList, storage: Storage) -> bytes:
    """Return a list of nominees as it was sent.  Raises FileMissing, StorageUnavailable, SealBroken."""
    data = storage.get(kept.storage_key)
    return data if kept.seal is None else open_envelope(kept).open(data, f"file:{place_of(kept)}")


def seal_list(kept: NomineeList, data: bytes) -> bytes:
    """Return a list of nominees as it is stored, with a key of its own in the row."""
    return take_envelope(kept).seal(data, f"file:{place_of(kept)}")


def _place_of_answer(nomination: Nomination, code: str) -> str:
    return f"answer:{place_of(nomination)}:{code}"


def _place_of_file(nomination: Nomination, code: str) -> str:
    return f"file:{place_of(nomination)}:{code}"


def list_damaged() -> list[str]:
    """Return the codes of dossiers and lists whose key was changed, or stands in a row that is not theirs."""
    sealer = settings.get_sealer()
    things: list[Nomination | NomineeList] = [
        *db.session.scalars(select(Nomination).where(Nomination.seal.is_not(None)).order_by(Nomination.id)),
        *db.session.scalars(
            select(NomineeList).where(NomineeList.seal.is_not(None)).order_by(NomineeList.id)
        ),
    ]
    damaged = []
    for thing in things:
        try:
            sealer.open(thing.seal or "", place_of(thing))
        except SealBroken:
            damaged.append(thing.code)
    return damaged
