"""Keeping a list that was sent, looking at it, and making drafts of it."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import inspect

from dxday.accounts.models import Organisation
from dxday.adapters.sealing import SealBroken
from dxday.adapters.storage import FileMissing, Storage
from dxday.audit import services as audit
from dxday.core import codes
from dxday.core.actor import Actor
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations import rules as nominations
from dxday.nominations import sealing, sections, services
from dxday.nominations.lists import queries, rules, tables
from dxday.nominations.lists.rules import Verdict
from dxday.nominations.models import NomineeList
from dxday.schemes.models import Category


@dataclass(frozen=True)
class Preview:
    """What a list would do."""

    verdicts: tuple[Verdict, ...]
    ignored: tuple[str, ...]
    """Heads of columns that are not read."""

    @property
    def new(self) -> list[Verdict]:
        """The rows that would become drafts."""
        return [each for each in self.verdicts if not each.is_here and not each.errors]

    @property
    def here(self) -> list[Verdict]:
        """The rows of which there is a nomination already, made from this very file."""
        return [each for each in self.verdicts if each.is_here]

    @property
    def wrong(self) -> list[Verdict]:
        """The rows with errors."""
        return [each for each in self.verdicts if each.errors]


def keep_list(
    edition: Edition,
    organisation: Organisation,
    *,
    filename: str,
    data: bytes,
    storage: Storage,
    actor: Actor,
    now: datetime,
) -> NomineeList:
    """Keep a list to be looked at; the same file sent again is the one that waits already.

    Raises NotYourAgency, and ListRefused for a file of which nothing can be read.
    """
    nominations.check_acts_for(actor, organisation.id, edition_id=edition.id)
    tables.read(data)
    digest = sha256(data).hexdigest()
    if (there := queries.find_waiting(edition.id, organisation.id, digest)) is not None:
        return there
    code = codes.new_code(8)
    kept = NomineeList(
        edition_id=edition.id,
        organisation_id=organisation.id,
        code=code,
        filename=filename,
        sha256=digest,
        uploaded_by_id=actor.account_id,
        created_at=now,
    )
    kept.storage_key = storage.put(
        f"lists/{edition.code.lower()}/{code.lower()}", sealing.seal_list(kept, data)
    ).key
    db.session.add(kept)
    db.session.flush()
    _record("nominee_list.sent", kept, actor=actor, now=now, sha256=digest)
    return kept


def look_at(kept: NomineeList, *, storage: Storage) -> Preview:
    """Return what the list would do now.  Raises FileGone, SealedAway."""
    try:
        data = sealing.read_list(kept, storage)
    except FileMissing as error:
        raise nominations.FileGone(filename=kept.filename) from error
    except SealBroken as error:
        raise sections.SealedAway(what=kept.filename) from error
    reading = tables.read(data)
    guids = {
        line.row: rules.guid_of(kept.edition_id, kept.organisation_id, kept.sha256, line.row)
        for line in reading.lines
    }
    verdicts = rules.judge(
        reading.lines,
        guids,
        queries.list_choices(kept.edition_id),
        queries.get_known(kept.edition_id, kept.organisation_id),
    )
    return Preview(tuple(verdicts), reading.ignored)


def import_list(
    kept: NomineeList,
    *,
    contact_name: str,
    contact_email: str,
    contact_locale: str,
    storage: Storage,
    actor: Actor,
    now: datetime,
) -> int:
    """Make a draft of every row, all or none, and return how many there are; twice is once.

    Rows that name no contact get the one given.  Raises NotYourAgency, FileGone, ListHasErrors, CallNotOpen,
    CallClosed.
    """
    nominations.check_acts_for(actor, kept.organisation_id, edition_id=kept.edition_id)
    columns = [attribute.key for attribute in inspect(NomineeList).column_attrs]
    db.session.refresh(kept, attribute_names=columns, with_for_update=True)
    if kept.imported_count is not None:
        return kept.imported_count
    preview = look_at(kept, storage=storage)
    if preview.wrong:
        raise rules.ListHasErrors
    organisation = db.session.get_one(Organisation, kept.organisation_id)
    for verdict in preview.new:
        values = verdict.line.values
        services.draft_nomination(
            db.session.get_one(Category, verdict.category_id),
            organisation,
            guid=verdict.guid,
            nominee_name=values["name"],
            nominee_position=values["position"],
            nominee_email=values["email"],
            achievement=values["achievement"],
            contact_name=values["contact_name"] or contact_name,
            contact_email=values["contact_email"] or contact_email,
            contact_locale=contact_locale,
            actor=actor,
            now=now,
        )
    kept.imported_at, kept.imported_count = now, len(preview.new)
    db.session.flush()
    _record(
        "nominee_list.imported", kept, actor=actor, now=now, sha256=kept.sha256, count=kept.imported_count
    )
    return kept.imported_count


def note_export(edition: Edition, *, count: int, actor: Actor, now: datetime) -> None:
    """Note that somebody took their agency's list with them: it holds personal data."""
    audit.record(
        "nominee_list.exported",
        subject=edition.code,
        actor=actor,
        now=now,
        edition_id=edition.id,
        count=count,
    )


def _record(action: str, kept: NomineeList, *, actor: Actor, now: datetime, **facts: object) -> None:
    audit.record(action, subject=kept.code, actor=actor, now=now, edition_id=kept.edition_id, **facts)
