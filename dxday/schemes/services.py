"""Setting up award schemes: categories, what is asked and scored, quotas, calendars."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from dxday.accounts.rules import OrganisationKind
from dxday.audit import services as audit
from dxday.core.actor import Actor
from dxday.core.errors import NotFound, Stale
from dxday.core.i18n import Translations
from dxday.core.seen import check_unchanged
from dxday.db import Base, db
from dxday.editions.models import Edition
from dxday.schemes import queries, rules, usage
from dxday.schemes.models import (
    Category,
    Criterion,
    DossierItem,
    EligibilityQuestion,
    Extension,
    Holiday,
    Quota,
    Scheme,
)
from dxday.schemes.rules import AwardForm, NomineeKind
from dxday.sites import rules as codes

SCHEME_FIELDS = (
    "name", "form", "legal_basis", "giver", "signatory_title", "position", "thematic", "nominators", "opens_at",
    "closes_at", "grace_minutes",
)  # fmt: skip
COUNCIL_FIELDS = (
    "readers", "discrepancy", "ballot", "secret", "quorum", "threshold", "rounds", "tie_break", "comment_days",
)  # fmt: skip
CATEGORY_FIELDS = ("name", "position")
CRITERION_FIELDS = ("name", "guidance", "weight", "most", "category_id", "position")
ITEM_FIELDS = (
    "section", "kind", "name", "help", "required", "most", "sensitive", "article", "source", "category_id", "position",
)  # fmt: skip
QUESTION_FIELDS = ("question", "wanted", "refusal", "article", "source", "category_id", "position")
QUOTA_FIELDS = ("most",)

Part = Criterion | DossierItem | EligibilityQuestion
FIELDS: dict[type[Part], tuple[str, ...]] = {
    Criterion: CRITERION_FIELDS,
    DossierItem: ITEM_FIELDS,
    EligibilityQuestion: QUESTION_FIELDS,
}
"""What can be changed of each part of a scheme; its code stays."""

BINDING: dict[type[Part], tuple[str, ...]] = {
    Criterion: (),
    DossierItem: ("kind", "required", "category_id"),
    EligibilityQuestion: ("wanted", "category_id"),
}
"""What cannot be changed of a part once dossiers were handed in under it."""


def add_scheme(
    edition: Edition,
    *,
    code: str,
    name: Translations,
    form: AwardForm,
    legal_basis: str,
    giver: Translations,
    signatory_title: Translations,
    actor: Actor,
    now: datetime,
    position: int = 0,
    **settings: Any,
) -> Scheme:
    """Add an award scheme to the edition; `legal_basis` is the law in force for it, as cited.

    `settings` are further columns, in SCHEME_FIELDS.  Raises CodeNotUsable, CodeTaken, NameMissing, CallNotInOrder.
    """
    rules.check_scheme_code(code)
    codes.check_name(name)
    if queries.find_scheme(edition.id, code) is not None:
        raise codes.CodeTaken(code=code)
    scheme = Scheme(
        edition_id=edition.id,
        code=code,
        name=name,
        form=form,
        legal_basis=legal_basis,
        giver=giver,
        signatory_title=signatory_title,
        position=position,
        grace_minutes=settings.pop("grace_minutes", 0),
        **settings,
    )
    _check_calendar(scheme, edition)
    db.session.add(scheme)
    db.session.flush()
    audit.record("scheme.added", subject=code, actor=actor, now=now, edition_id=edition.id)
    return scheme


def change_scheme(
    scheme: Scheme, edition: Edition, *, version: int, actor: Actor, now: datetime, **wanted: Any
) -> None:
    """Change columns of a scheme, in SCHEME_FIELDS and COUNCIL_FIELDS, or its `endorsers`; its code stays.

    `version` is the one that was looked at.  Raises Stale, NameMissing, CallNotInOrder.
    """
    if scheme.version != version:
        raise Stale
    codes.check_name(wanted.get("name", scheme.name))
    changed = _set(scheme, (*SCHEME_FIELDS, *COUNCIL_FIELDS, "endorsers"), wanted)
    _check_calendar(scheme, edition)
    db.session.flush()
    if changed:
        _record("scheme.changed", scheme, actor=actor, now=now, changed=changed)


def confirm_setting(
    scheme: Scheme, name: str, *, version: int, basis: str, actor: Actor, now: datetime
) -> None:
    """Take a setting from the list of what the organizer still decides; `basis` says on what it stands.

    Raises NotFound for what is not open, BasisMissing, Stale.
    """
    if name not in scheme.unconfirmed:
        raise NotFound
    if scheme.version != version:
        raise Stale
    if not basis.strip():
        raise rules.BasisMissing
    scheme.unconfirmed = [each for each in scheme.unconfirmed if each != name]
    db.session.flush()
    _record(
        "scheme.setting_confirmed",
        scheme,
        actor=actor,
        now=now,
        setting=name,
        value=_plain(getattr(scheme, name, None)),
        basis=basis,
    )


def add_category(
    scheme: Scheme,
    *,
    code: str,
    name: Translations,
    nominee_kind: NomineeKind,
    actor: Actor,
    now: datetime,
    position: int = 0,
) -> Category:
    """Add a category to the scheme.  Raises CodeNotUsable, CodeTaken, NameMissing."""
    codes.check_code(code)
    codes.check_name(name)
    if code in {category.code for category in queries.list_categories(scheme.id)}:
        raise codes.CodeTaken(code=code)
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


def change_category(
    scheme: Scheme, category: Category, *, seen: str, actor: Actor, now: datetime, **wanted: Any
) -> None:
    """Change what a category is called and where it stands; who can be nominated in it stays.

    `seen` is the fingerprint of what was looked at.  Raises Stale, NameMissing.
    """
    check_unchanged(category, CATEGORY_FIELDS, seen)
    codes.check_name(wanted["name"])
    if changed := _set(category, CATEGORY_FIELDS, wanted):
        db.session.flush()
        _record("category.changed", scheme, category.code, actor=actor, now=now, changed=changed)


def add_part(
    scheme: Scheme, kind: type[Part], /, *, code: str, actor: Actor, now: datetime, **wanted: Any
) -> Part:
    """Add a criterion, an item of dossiers or a question of eligibility, of columns in FIELDS.

    Raises CodeNotUsable, CodeTaken, NameMissing, NeverSensitive, DossiersUnderOtherItems, NotFound for a category of
    another scheme.
    """
    codes.check_code(code)
    _check_part(scheme, kind, code, wanted)
    if code in {part.code for part in queries.list_all(kind, scheme.id)}:
        raise codes.CodeTaken(code=code)
    if kind is EligibilityQuestion or (kind is DossierItem and wanted["required"]):
        _check_free(scheme)
    part = kind(scheme_id=scheme.id, code=code, **{name: wanted[name] for name in FIELDS[kind]})
    db.session.add(part)
    db.session.flush()
    _record(f"{kind.__tablename__}.added", scheme, code, actor=actor, now=now)
    return part


def change_part(scheme: Scheme, part: Part, *, seen: str, actor: Actor, now: datetime, **wanted: Any) -> None:
    """Change columns of a criterion, an item or a question, in FIELDS; `seen` is the fingerprint of what was seen.

    Raises Stale, NameMissing, NeverSensitive, DossiersUnderOtherItems, NotFound for a category of another scheme.
    """
    kind = type(part)
    check_unchanged(part, FIELDS[kind], seen)
    _check_part(scheme, kind, part.code, wanted)
    if any(getattr(part, name) != wanted[name] for name in BINDING[kind]):
        _check_free(scheme)
    if changed := _set(part, FIELDS[kind], wanted):
        db.session.flush()
        _record(f"{kind.__tablename__}.changed", scheme, part.code, actor=actor, now=now, changed=changed)


def remove_part(scheme: Scheme, part: Part, *, seen: str, actor: Actor, now: datetime) -> None:
    """Remove a criterion, an item or a question.  Raises Stale, DossiersUnderOtherItems, StillUsed."""
    kind = type(part)
    check_unchanged(part, FIELDS[kind], seen)
    if kind is not Criterion:
        _check_free(scheme)
    remove_row(part)
    _record(f"{kind.__tablename__}.removed", scheme, part.code, actor=actor, now=now)


def add_quota(
    scheme: Scheme,
    *,
    category_id: int | None,
    organisation_kind: OrganisationKind | None,
    organisation_id: int | None,
    most: int,
    actor: Actor,
    now: datetime,
) -> Quota:
    """Limit how many each of these organisations may hand in.  Raises QuotaOfBoth, QuotaTwice, NotFound."""
    _check_category(scheme, category_id)
    if organisation_kind is not None and organisation_id is not None:
        raise rules.QuotaOfBoth
    # The constraint does not hold where a column is empty, so that each quota is looked at.
    for each in queries.list_quotas(scheme.id):
        if (each.category_id, each.organisation_kind, each.organisation_id) == (
            category_id,
            organisation_kind,
            organisation_id,
        ):
            raise rules.QuotaTwice
    quota = Quota(
        scheme_id=scheme.id,
        category_id=category_id,
        organisation_kind=organisation_kind,
        organisation_id=organisation_id,
        most=most,
    )
    db.session.add(quota)
    db.session.flush()
    _record("quota.added", scheme, str(quota.id), actor=actor, now=now, **_quota_facts(quota))
    return quota


def change_quota(scheme: Scheme, quota: Quota, *, seen: str, most: int, actor: Actor, now: datetime) -> None:
    """Change how many a quota allows; what was handed in already stays.  Raises Stale."""
    check_unchanged(quota, QUOTA_FIELDS, seen)
    before, quota.most = quota.most, most
    db.session.flush()
    _record("quota.changed", scheme, str(quota.id), actor=actor, now=now, before=before, most=most)


def remove_quota(scheme: Scheme, quota: Quota, *, seen: str, actor: Actor, now: datetime) -> None:
    """Remove a quota.  Raises Stale."""
    check_unchanged(quota, QUOTA_FIELDS, seen)
    facts = _quota_facts(quota)
    remove_row(quota)
    _record("quota.removed", scheme, str(quota.id), actor=actor, now=now, **facts)


def extend_call(
    scheme: Scheme,
    edition: Edition,
    *,
    category_id: int | None,
    organisation_id: int | None,
    closes_at: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Extension:
    """Let a category, an agency or both hand in until later; of several extensions the latest counts.

    Raises NothingToExtend, ExtensionTooEarly, ReasonMissing, NotFound.
    """
    _check_category(scheme, category_id)
    rules.check_extension(closes_at, queries.get_regular_call(scheme, edition), reason, now)
    extension = Extension(
        scheme_id=scheme.id,
        category_id=category_id,
        organisation_id=organisation_id,
        closes_at=closes_at,
        reason=reason,
        created_by_id=actor.account_id,
        created_at=now,
    )
    db.session.add(extension)
    db.session.flush()
    _record("extension.added", scheme, str(extension.id), actor=actor, now=now, **_extension_facts(extension))
    return extension


def withdraw_extension(scheme: Scheme, extension: Extension, *, actor: Actor, now: datetime) -> None:
    """Take an extension back; what was handed in meanwhile stays."""
    facts = _extension_facts(extension)
    remove_row(extension)
    _record("extension.withdrawn", scheme, str(extension.id), actor=actor, now=now, **facts)


def add_holiday(
    day: date, *, name: str, off: bool, source: str, actor: Actor, now: datetime, edition_id: int
) -> Holiday:
    """Say of a day whether offices are closed, for every edition; `edition_id` is where it was said.

    Raises DayTwice.
    """
    if day in queries.days_off():
        raise rules.DayTwice
    holiday = Holiday(day=day, name=name, off=off, source=source)
    db.session.add(holiday)
    db.session.flush()
    audit.record(
        "holiday.added",
        subject=day.isoformat(),
        actor=actor,
        now=now,
        edition_id=edition_id,
        name=name,
        off=off,
        source=source,
    )
    return holiday


def remove_holiday(holiday: Holiday, *, actor: Actor, now: datetime, edition_id: int) -> None:
    """Let a day be what the calendar says again; `edition_id` is where it was said."""
    remove_row(holiday)
    audit.record(
        "holiday.removed",
        subject=holiday.day.isoformat(),
        actor=actor,
        now=now,
        edition_id=edition_id,
        name=holiday.name,
        off=holiday.off,
    )


def remove_row(row: Base) -> None:
    """Delete a row of the set-up.  Raises StillUsed when another table holds on to it."""
    try:
        with db.session.begin_nested():
            db.session.delete(row)
    except IntegrityError as error:
        raise rules.StillUsed from error


def _check_calendar(scheme: Scheme, edition: Edition) -> None:
    call = queries.get_regular_call(scheme, edition)
    if scheme.opens_at is not None or scheme.closes_at is not None:
        rules.check_call_in_order(call.opens_at, call.closes_at)


def _check_category(scheme: Scheme, category_id: int | None) -> None:
    if category_id is not None and category_id not in {
        category.id for category in queries.list_categories(scheme.id)
    }:
        raise NotFound


def _check_part(scheme: Scheme, kind: type[Part], code: str, wanted: Mapping[str, Any]) -> None:
    codes.check_name(wanted["question" if kind is EligibilityQuestion else "name"])
    _check_category(scheme, wanted["category_id"])
    if kind is DossierItem:
        rules.check_may_be_sensitive(code, sensitive=wanted["sensitive"])


def _check_free(scheme: Scheme) -> None:
    if usage.count_used(scheme.id):
        raise rules.DossiersUnderOtherItems


def _set(thing: Base, names: Sequence[str], wanted: Mapping[str, Any]) -> list[str]:
    changed = [name for name in names if name in wanted and getattr(thing, name) != wanted[name]]
    for name in changed:
        setattr(thing, name, wanted[name])
    return changed


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _quota_facts(quota: Quota) -> dict[str, Any]:
    return {
        "category_id": quota.category_id,
        "organisation_kind": quota.organisation_kind,
        "organisation_id": quota.organisation_id,
        "most": quota.most,
    }


def _extension_facts(extension: Extension) -> dict[str, Any]:
    return {
        "category_id": extension.category_id,
        "organisation_id": extension.organisation_id,
        "closes_at": extension.closes_at.isoformat(),
        "reason": extension.reason,
    }


def _record(
    action: str, scheme: Scheme, code: str | None = None, *, actor: Actor, now: datetime, **facts: Any
) -> None:
    audit.record(
        action,
        subject=f"{scheme.code}/{code}" if code else scheme.code,
        actor=actor,
        now=now,
        edition_id=scheme.edition_id,
        **facts,
    )
