"""Making, changing, submitting, withdrawing and deciding nominations, and keeping their files."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError

from dxday.accounts.models import Organisation
from dxday.adapters import uploads
from dxday.adapters.storage import FileMissing, Storage
from dxday.audit import services as audit
from dxday.core import codes
from dxday.core.actor import Actor
from dxday.core.errors import Stale
from dxday.core.i18n import Translations, pick
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations import letters, queries, rules
from dxday.nominations.models import Attachment, Category, Nomination, Scheme
from dxday.notifications import services as notifications

ATTACHMENT_KINDS = frozenset({uploads.Kind.PDF, uploads.Kind.JPEG, uploads.Kind.PNG, uploads.Kind.TEXT})


def add_scheme(
    edition: Edition,
    *,
    code: str,
    name: Translations,
    form: rules.AwardForm,
    legal_basis: str,
    giver: Translations,
    signatory_title: Translations,
    actor: Actor,
    now: datetime,
    position: int = 0,
) -> Scheme:
    """Add an award scheme to the edition; `legal_basis` is the law in force for it, as cited."""
    scheme = Scheme(
        edition_id=edition.id,
        code=code,
        name=name,
        form=form,
        legal_basis=legal_basis,
        giver=giver,
        signatory_title=signatory_title,
        position=position,
    )
    db.session.add(scheme)
    db.session.flush()
    audit.record("scheme.added", subject=code, actor=actor, now=now, edition_id=edition.id)
    return scheme


def add_category(
    scheme: Scheme,
    *,
    code: str,
    name: Translations,
    nominee_kind: rules.NomineeKind,
    actor: Actor,
    now: datetime,
    position: int = 0,
) -> Category:
    """Add a category to the scheme."""
    category = Category(
        edition_id=scheme.edition_id,
        scheme_id=scheme.id,
        code=code,
        name=name,
        nominee_kind=nominee_kind,
        position=position,
    )
    db.session.add(category)
    db.session.flush()
    audit.record(
        "category.added",
        subject=f"{scheme.code}/{code}",
        actor=actor,
        now=now,
        edition_id=scheme.edition_id,
    )
    return category


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
) -> Nomination:
    """Begin a nomination of the organisation in the category; all but the nominee's name may come later.

    `guid` was made with the empty form: sent twice, it makes one nomination, which is returned both times.
    The actor has an account.  Raises NotYourAgency, CallNotOpen, CallClosed, NomineeNameMissing.
    """
    rules.check_acts_for(actor, organisation.id, edition_id=category.edition_id)
    if (made := queries.find_by_guid(guid)) is not None:
        rules.check_acts_for(actor, made.organisation_id, edition_id=made.edition_id)
        return made
    rules.check_call_open(queries.get_call(category.edition_id), now)
    if not nominee_name.strip():
        raise rules.NomineeNameMissing
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
    _record("nomination.drafted", nomination, actor=actor, now=now)
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
    """Change a draft; `version` is the one that the writer had before their eyes.

    What is the same already is no change, so that a form sent twice does not refuse itself.
    Raises NotYourAgency, MoveNotPossible, CallNotOpen, CallClosed, NomineeNameMissing, Stale.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    _lock(nomination)
    rules.check_can_edit(nomination.state, queries.get_call(nomination.edition_id), now)
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
    for name, value in changed.items():
        setattr(nomination, name, value)
    nomination.updated_at = now
    db.session.flush()
    _record("nomination.changed", nomination, actor=actor, now=now, changed=sorted(changed))


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
) -> Attachment:
    """Add a file that `check_file` let through; the same content again is the file that is there already.

    The bytes are stored first: a file without a row is harmless, a row without its file is not.
    Raises NotYourAgency, MoveNotPossible, CallNotOpen, CallClosed, TooManyAttachments.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    _lock(nomination)
    rules.check_can_edit(nomination.state, queries.get_call(nomination.edition_id), now)
    there = queries.list_attachments(nomination.id)
    for attachment in there:
        if attachment.sha256 == upload.sha256:
            return attachment
    rules.check_room_for_attachment(len(there))
    code = codes.new_code(8)
    stored = storage.put(f"nominations/{nomination.code.lower()}/{code.lower()}", data)
    attachment = Attachment(
        nomination_id=nomination.id,
        code=code,
        filename=upload.filename,
        media_type=upload.media_type,
        size=stored.size,
        sha256=stored.sha256,
        storage_key=stored.key,
        uploaded_by_id=actor.account_id,
        created_at=now,
    )
    db.session.add(attachment)
    nomination.updated_at = now
    db.session.flush()
    _record(
        "attachment.added",
        nomination,
        actor=actor,
        now=now,
        attachment=code,
        size=stored.size,
        sha256=stored.sha256,
    )
    return attachment


def remove_attachment(nomination: Nomination, attachment: Attachment, *, actor: Actor, now: datetime) -> None:
    """Take a file out of a draft; its bytes stay, for the trail.

    Raises NotYourAgency, MoveNotPossible, CallNotOpen, CallClosed.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    _lock(nomination)
    rules.check_can_edit(nomination.state, queries.get_call(nomination.edition_id), now)
    if attachment.removed_at is not None:
        return
    attachment.removed_at = nomination.updated_at = now
    db.session.flush()
    _record("attachment.removed", nomination, actor=actor, now=now, attachment=attachment.code)


def submit_nomination(
    nomination: Nomination, *, actor: Actor, now: datetime, version: int | None = None
) -> None:
    """Hand a finished nomination to the council, and tell the agency's contact that it was received.

    `version`, where given, is the one that was read through before submitting.
    Raises NotYourAgency, MoveNotPossible, CallNotOpen, CallClosed, Stale and what `find_gaps` finds.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    _lock(nomination)
    attachments = len(queries.list_attachments(nomination.id))
    rules.check_can_submit(
        queries.dossier_of(nomination, attachments), queries.get_call(nomination.edition_id), now
    )
    if version is not None and nomination.version != version:
        raise Stale
    nomination.state, nomination.submitted_at, nomination.updated_at = rules.State.SUBMITTED, now, now
    db.session.flush()
    _record("nomination.submitted", nomination, actor=actor, now=now)
    notifications.enqueue(
        letters.RECEIVED,
        to_address=nomination.contact_email,
        to_name=nomination.contact_name,
        locale=nomination.contact_locale,
        key=f"nomination-received:{nomination.guid}",
        now=now,
        edition=db.session.get_one(Edition, nomination.edition_id),
        code=nomination.code,
        nominee=nomination.nominee_name,
        agency=pick(nomination.organisation_name, nomination.contact_locale),
    )


def withdraw_nomination(nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    """Take a nomination back, also after the closing time, as long as it was not decided on.

    Raises NotYourAgency, MoveNotPossible.
    """
    rules.check_acts_for(actor, nomination.organisation_id, edition_id=nomination.edition_id)
    _lock(nomination)
    _move(nomination, rules.State.WITHDRAWN, now=now)
    _record("nomination.withdrawn", nomination, actor=actor, now=now)


def decline_nomination(nomination: Nomination, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a submitted nomination go without an honour; the reason is kept in the trail and the agency reads it.

    Raises NotTheCouncil, ReasonMissing, MoveNotPossible.
    """
    rules.check_may_decide(actor, edition_id=nomination.edition_id)
    if not reason.strip():
        raise rules.ReasonMissing
    _lock(nomination)
    _move(nomination, rules.State.DECLINED, now=now)
    _record("nomination.declined", nomination, actor=actor, now=now, reason=reason.strip())


def award_nomination(nomination: Nomination, *, decision: str, actor: Actor, now: datetime) -> None:
    """Mark a submitted nomination as honoured by the decision with this number.

    Of two that award it at once, the second waits here and is then refused.  Raises NotTheCouncil, MoveNotPossible.
    """
    rules.check_may_decide(actor, edition_id=nomination.edition_id)
    _lock(nomination)
    _move(nomination, rules.State.AWARDED, now=now)
    _record("nomination.awarded", nomination, actor=actor, now=now, decision=decision)


def note_viewed(nomination: Nomination, *, actor: Actor, now: datetime) -> None:
    """Note that somebody of the council looked into the dossier: it holds personal data."""
    _record("nomination.viewed", nomination, actor=actor, now=now)


def hand_out(
    nomination: Nomination, attachment: Attachment, *, storage: Storage, actor: Actor, now: datetime
) -> bytes:
    """Return the bytes of a file of the dossier, and note who took a copy.  Raises FileGone."""
    try:
        data = storage.get(attachment.storage_key)
    except FileMissing as error:
        raise rules.FileGone(filename=attachment.filename) from error
    _record("attachment.downloaded", nomination, actor=actor, now=now, attachment=attachment.code)
    return data


def _lock(nomination: Nomination) -> None:
    """Take the row for this transaction and read it afresh, so that what follows decides on what is so now."""
    columns = [attribute.key for attribute in inspect(Nomination).column_attrs]
    db.session.refresh(nomination, attribute_names=columns, with_for_update=True)


def _move(nomination: Nomination, to: rules.State, *, now: datetime) -> None:
    rules.check_move(nomination.state, to)
    nomination.state, nomination.updated_at = to, now
    db.session.flush()


def _record(action: str, nomination: Nomination, *, actor: Actor, now: datetime, **facts: object) -> None:
    audit.record(
        action, subject=nomination.code, actor=actor, now=now, edition_id=nomination.edition_id, **facts
    )
