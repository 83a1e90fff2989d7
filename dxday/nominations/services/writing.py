"""Making and changing nominations, and keeping their files."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from dxday.accounts.models import Organisation
from dxday.adapters import uploads
from dxday.adapters.sealing import SealBroken
from dxday.adapters.storage import FileMissing, Storage
from dxday.core import codes
from dxday.core.actor import Actor
from dxday.core.carriage import Carriage
from dxday.core.errors import Stale
from dxday.core.i18n import lazy_pick
from dxday.db import db
from dxday.nominations import files, queries, rules, sealing, sections, settings
from dxday.nominations.models import Attachment, EligibilityAnswer, Nomination
from dxday.nominations.services import answering, row
from dxday.schemes import queries as schemes
from dxday.schemes.models import Category, DossierItem

ATTACHMENT_KINDS = frozenset(uploads.Kind)


def draft_nomination(
    category: Category,
    organisation: Organisation,
    *,
    guid: UUID,
    nominee_name: str,
    actor: Actor,
    now: datetime,
    nominee_position: str = "",
    nominee_email: str = "",
    achievement: str = "",
    contact_name: str = "",
    contact_email: str = "",
    contact_locale: str = "vi",
    eligibility: Mapping[str, bool] | None = None,
) -> Nomination:
    """Begin a nomination of the organisation in the category; all but the nominee's name may come later.

    `guid` was made with the empty form: sent twice, it makes one nomination, which is returned both times.
    `eligibility` answers the category's questions: code → yes or no.  The actor has an account.
    Raises NotYourAgency, CallNotOpen, CallClosed, NomineeNameMissing, EligibilityNotAnswered, NotEligible.
    """
    rules.check_acts_for(actor, organisation.id, edition_id=category.edition_id)
    if (made := queries.find_by_guid(guid)) is not None:
        rules.check_acts_for(actor, made.organisation_id, edition_id=made.edition_id)
        return made
    rules.check_call_open(schemes.get_call(category, organisation.id), now)
    if not nominee_name.strip():
        raise rules.NomineeNameMissing
    answers, questions = eligibility or {}, schemes.list_questions(category)
    rules.check_eligible(answers, questions)
    nomination = Nomination(
        edition_id=category.edition_id,
        category_id=category.id,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        code=codes.new_code(8),
        guid=guid,
        state=rules.State.DRAFT,
        nominee_name=nominee_name,
        nominee_position=nominee_position,
        nominee_email=nominee_email,
        achievement=achievement,
        contact_name=contact_name,
        contact_email=contact_email,
        contact_locale=contact_locale,
        created_by_id=actor.account_id,
        created_at=now,
        updated_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(nomination)
    except IntegrityError:
        # The same form, sent at the same moment: the other request was first.
        made = queries.find_by_guid(guid)
        if made is None:
            raise
        rules.check_acts_for(actor, made.organisation_id, edition_id=made.edition_id)
        return made
    for question in questions:
        db.session.add(
            EligibilityAnswer(
                nomination_id=nomination.id,
                code=question.code,
                question=question.question,
                article=question.article,
                answer=answers[question.code],
                answered_by_id=actor.account_id,
                answered_at=now,
            )
        )
    db.session.flush()
    row.record("nomination.drafted", nomination, actor=actor, now=now)
    return nomination


def change_nomination(
    nomination: Nomination,
    *,
    version: int,
    category: Category,
    nominee_name: str,
    nominee_position: str,
    nominee_email: str,
    achievement: str,
    contact_name: str,
    contact_email: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a draft, or what was returned; `version` is the one that the writer had before their eyes.

    What is the same already is no change, so that a form sent twice does not refuse itself.
    Raises NotYourAgency, MoveNotPossible, CallNotOpen, CallClosed, CompletionOverdue, NomineeNameMissing,
    SectionTaken, EligibilityNotAnswered, NotEligible, Stale.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    row.lock(nomination)
    _check_can_edit(nomination, now)
    if not nominee_name.strip():
        raise rules.NomineeNameMissing
    given = {
        "category_id": category.id,
        "nominee_name": nominee_name,
        "nominee_position": nominee_position,
        "nominee_email": nominee_email,
        "achievement": achievement,
        "contact_name": contact_name,
        "contact_email": contact_email,
    }
    changed = {name: value for name, value in given.items() if getattr(nomination, name) != value}
    if not changed:
        return
    if nomination.version != version:
        raise Stale
    columns = changed.keys() & set(sections.COLUMNS)
    answering.check_free(nomination, columns, actor=actor, now=now)
    if "category_id" in changed:
        asked = {each.code: each.answer for each in queries.list_eligibility(nomination.id)}
        rules.check_eligible(asked, schemes.list_questions(category))
    for name, value in changed.items():
        setattr(nomination, name, value)
    nomination.updated_at = now
    db.session.flush()
    answering.note_written(nomination, sorted(columns), actor=actor, now=now)
    row.record("nomination.changed", nomination, actor=actor, now=now, changed=sorted(changed))


def check_file(filename: str, data: bytes) -> uploads.CheckedUpload:
    """Return what a file for a dossier is, by its content.  Raises FileRefused, with the reason."""
    try:
        return uploads.check_upload(
            filename, data, allowed=ATTACHMENT_KINDS, max_bytes=rules.MAX_ATTACHMENT_BYTES
        )
    except uploads.UploadRefused as refusal:
        raise rules.FileRefused(filename=filename, reason=refusal) from refusal


def attach_file(
    nomination: Nomination,
    upload: uploads.CheckedUpload,
    data: bytes,
    *,
    storage: Storage,
    actor: Actor,
    now: datetime,
    item: DossierItem | None = None,
) -> Attachment:
    """Add a file that `check_file` let through; the same content again is the file that is there already.

    `item` is what of the dossier it is.  Where a virus scanner is set, the file waits in quarantine for it.
    The bytes are stored first: a file without a row is harmless, a row without its file is not.
    Raises NotYourAgency, MoveNotPossible, CallNotOpen, CallClosed, CompletionOverdue, TooManyAttachments,
    TooManyFilesOfItem, SealedAway, and NotFound for an item that the dossier has not.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    row.lock(nomination)
    _check_can_edit(nomination, now)
    item_id = queries.get_file_item(nomination.category_id, item.id).id if item is not None else None
    there = [each for each in queries.list_attachments(nomination.id) if each.item_id == item_id]
    digests = _digests_of(nomination, upload.sha256, data, there)
    for attachment in there:
        if attachment.sha256 in digests:
            return attachment
    if item is None:
        rules.check_room_for_attachment(len(there))
    else:
        rules.check_room_in_item(len(there), item=lazy_pick(item.name), most=item.most)
    waits = settings.find_scanner() is not None
    code = codes.new_code(8)
    kept = sealing.prepare_file(
        nomination,
        code,
        filename=upload.filename,
        data=data,
        sha256=upload.sha256,
        item_code=item.code if item is not None and item.sensitive else None,
    )
    stored = storage.put(f"nominations/{nomination.code.lower()}/{code.lower()}", kept.data)
    attachment = Attachment(
        nomination_id=nomination.id,
        item_id=item_id,
        code=code,
        filename=kept.filename,
        media_type=upload.media_type,
        size=len(data),
        sha256=kept.sha256,
        storage_key=stored.key,
        sealed=kept.sealed,
        uploaded_by_id=actor.account_id,
        created_at=now,
        carriage=Carriage.QUEUED if waits else Carriage.DONE,
        checked_at=None if waits else now,
    )
    db.session.add(attachment)
    nomination.updated_at = now
    db.session.flush()
    row.record(
        "attachment.added",
        nomination,
        actor=actor,
        now=now,
        attachment=code,
        size=attachment.size,
        sha256=attachment.sha256,
    )
    return attachment


def _digests_of(nomination: Nomination, sha256: str, data: bytes, there: list[Attachment]) -> frozenset[str]:
    """Return under which digests the same content is known in the dossier: plain, and sealed where something is."""
    if not any(each.sealed for each in there):
        return frozenset({sha256})
    try:
        return frozenset({sha256, sealing.open_envelope(nomination).digest(data)})
    except SealBroken as error:
        raise sections.SealedAway(what=there[0].filename) from error


def remove_attachment(nomination: Nomination, attachment: Attachment, *, actor: Actor, now: datetime) -> None:
    """Take a file out of a draft; its bytes stay, for the trail.

    Raises NotYourAgency, MoveNotPossible, CallNotOpen, CallClosed, CompletionOverdue.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    row.lock(nomination)
    _check_can_edit(nomination, now)
    if attachment.removed_at is not None:
        return
    attachment.removed_at = nomination.updated_at = now
    db.session.flush()
    row.record("attachment.removed", nomination, actor=actor, now=now, attachment=attachment.code)


def note_viewed(nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    """Note that somebody looked into the dossier: it holds personal data."""
    row.record("nomination.viewed", nomination, actor=actor, now=now)


def hand_out(
    nomination: Nomination, attachment: Attachment, *, storage: Storage, actor: Actor, now: datetime
) -> bytes:
    """Return the bytes of a file of the dossier, and note who took a copy.

    Raises FileWaiting, FileHarmful, FileGone, SealedAway.
    """
    files.check_may_be_handed_out(attachment)
    try:
        data = sealing.read_file(nomination, attachment, storage)
    except FileMissing as error:
        raise rules.FileGone(filename=attachment.filename) from error
    except SealBroken as error:
        raise sections.SealedAway(what=attachment.filename) from error
    row.record("attachment.downloaded", nomination, actor=actor, now=now, attachment=attachment.code)
    return data


def _check_can_edit(nomination: Nomination, now: datetime) -> None:
    rules.check_can_edit(queries.standing_of(nomination), queries.call_of(nomination), now)
