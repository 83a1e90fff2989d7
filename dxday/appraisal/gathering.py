"""Gathering everything that the checks look at, for many dossiers at once, in a fixed number of queries."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from dxday.accounts.models import Account, Organisation
from dxday.accounts.rules import OrganisationKind
from dxday.appraisal import contents, rules
from dxday.appraisal.facts import (
    Alike,
    Dossier,
    HoldFacts,
    OpinionFacts,
    Other,
    QuotaFacts,
    SameFile,
    SharedFile,
)
from dxday.appraisal.models import DossierPrint, Hold, Likeness, Opinion
from dxday.audit.models import AuditEntry
from dxday.core.i18n import pick
from dxday.core.vietnamese import words_of
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.models import Attachment, Nomination
from dxday.nominations.rules import HANDED_IN, State
from dxday.schemes.models import Category, Quota, Scheme
from dxday.schemes.rules import find_quota


def load_dossiers(edition: Edition, found: Collection[Nomination], now: datetime) -> dict[int, Dossier]:
    """Return the facts of these dossiers by their ids."""
    ids = [each.id for each in found]
    zone = ZoneInfo(edition.time_zone)
    today = now.astimezone(zone).date()
    texts = contents.texts_of(found)
    agencies = _load_agencies({each.organisation_id for each in found})
    namesakes = list_namesakes(found)
    alike = list_likenesses(ids)
    files, shared = _same_files(ids)
    wanted = {other for others in namesakes.values() for other in others}
    wanted |= {other for rows in alike.values() for other, *_rest in rows}
    wanted |= {other for rows in files.values() for other, *_rest in rows}
    wanted |= {other for rows in shared.values() for other, *_rest in rows}
    others = _load_others(wanted, zone)
    prints = _prints({*ids, *wanted})
    holds = load_holds(found, today, zone)
    missing = contents.list_missing(found)
    quotas = _load_quotas(edition.id, found)
    opinions = _load_opinions(ids, zone)
    return {
        each.id: Dossier(
            id=each.id,
            code=each.code,
            today=today,
            nominee_name=each.nominee_name,
            nominee_kind=each.category.nominee_kind,
            nominee_position=each.nominee_position,
            nominee_email=each.nominee_email,
            organisation_id=each.organisation_id,
            organisation_name=each.organisation_name,
            organisation_now=agencies[each.organisation_id][0].name,
            organisation_ended_on=agencies[each.organisation_id][0].valid_to,
            successor_name=agencies[each.organisation_id][1],
            edition_id=each.edition_id,
            scheme_id=each.category.scheme_id,
            scheme_name=each.category.scheme.name,
            thematic=each.category.scheme.thematic,
            words=prints[each.id].words if each.id in prints else " ".join(words_of(texts[each.id])),
            namesakes=[others[other] for other in namesakes.get(each.id, ()) if other in others],
            alike=[
                Alike(
                    others[other],
                    own,
                    its,
                    words,
                    f"{prints[each.id].digest[:8]}{prints[other].digest[:8]}",
                )
                for other, own, its, words in alike.get(each.id, ())
                if other in others
            ],
            files=[
                SameFile(others[other], name, its_name, sha256)
                for other, name, its_name, sha256 in files.get(each.id, ())
                if other in others
            ],
            shared_files=[
                SharedFile(name, sha256, count, others[other])
                for other, name, sha256, count in shared.get(each.id, ())
                if other in others
            ],
            holds=holds[each.id],
            missing=missing[each.id],
            quotas=quotas.get(each.id, ()),
            opinions=opinions.get(each.id, ()),
        )
        for each in found
    }


def _load_agencies(ids: Collection[int]) -> dict[int, tuple[Organisation, dict[str, str] | None]]:
    successor = aliased(Organisation)
    rows = db.session.execute(
        select(Organisation, successor.name)
        .join(successor, successor.id == Organisation.succeeded_by_id, isouter=True)
        .where(Organisation.id.in_(sorted(ids)))
    )
    return {agency.id: (agency, name) for agency, name in rows}


def list_namesakes(found: Collection[Nomination]) -> dict[int, list[int]]:
    """Return, for each dossier, those whose nominee has the same name, accents aside."""
    keys = {each.id: rules.nominee_key(each.nominee_name) for each in found}
    by_key: dict[str, list[int]] = {}
    for key, nomination_id in db.session.execute(
        select(DossierPrint.nominee_key, DossierPrint.nomination_id)
        .where(DossierPrint.nominee_key.in_(sorted(set(keys.values()))))
        .order_by(DossierPrint.nomination_id)
    ):
        by_key.setdefault(key, []).append(nomination_id)
    return {own: [other for other in by_key.get(key, ()) if other != own] for own, key in keys.items()}


def list_likenesses(ids: Collection[int]) -> dict[int, list[tuple[int, int, int, int]]]:
    """Return, for each dossier, (other, own share, its share, words), the likest first."""
    found: dict[int, list[tuple[int, int, int, int]]] = {}
    for row in db.session.scalars(
        select(Likeness).where(or_(Likeness.one_id.in_(ids), Likeness.other_id.in_(ids)))
    ):
        found.setdefault(row.one_id, []).append((row.other_id, row.one_share, row.other_share, row.words))
        found.setdefault(row.other_id, []).append((row.one_id, row.other_share, row.one_share, row.words))
    for rows in found.values():
        rows.sort(key=lambda each: (-max(each[1], each[2]), each[0]))
    return found


def _same_files(
    ids: Collection[int],
) -> tuple[dict[int, list[tuple[int, str, str, str]]], dict[int, list[tuple[int, str, str, int]]]]:
    """Return the files of these dossiers that stand in others too.

    First those in dossiers of another agency or scheme: (other, own name, its name, sha256).  Then those that the
    agency put into several of its dossiers in the scheme: (one of the others, own name, sha256, how many others).
    """
    own, its = aliased(Attachment), aliased(Attachment)
    here, there = aliased(Nomination), aliased(Nomination)
    own_category, its_category = aliased(Category), aliased(Category)
    together = (here.organisation_id == there.organisation_id) & (
        own_category.scheme_id == its_category.scheme_id
    )

    def pairs(*columns: Any) -> Select[Any]:
        return (
            select(*columns)
            .select_from(own)
            .join(its, (its.sha256 == own.sha256) & (its.nomination_id != own.nomination_id))
            .join(here, here.id == own.nomination_id)
            .join(there, there.id == its.nomination_id)
            .join(own_category, own_category.id == here.category_id)
            .join(its_category, its_category.id == there.category_id)
            .where(
                own.nomination_id.in_(ids),
                own.removed_at.is_(None),
                its.removed_at.is_(None),
                there.state.in_(rules.ACTIVE),
            )
        )

    same: dict[int, list[tuple[int, str, str, str]]] = {}
    for own_id, *rest in db.session.execute(
        pairs(own.nomination_id, its.nomination_id, own.filename, its.filename, own.sha256)
        .where(~together)
        .order_by(own.id, its.id)
    ):
        same.setdefault(own_id, []).append((rest[0], rest[1], rest[2], rest[3]))
    shared: dict[int, list[tuple[int, str, str, int]]] = {}
    for own_id, *rest in db.session.execute(
        pairs(
            own.nomination_id,
            func.min(its.nomination_id),
            own.filename,
            own.sha256,
            func.count(its.nomination_id.distinct()),
        )
        .where(together)
        .group_by(own.id, own.nomination_id, own.filename, own.sha256)
        .order_by(own.id)
    ):
        shared.setdefault(own_id, []).append((rest[0], rest[1], rest[2], rest[3]))
    return same, shared


def _load_others(ids: Collection[int], zone: ZoneInfo) -> dict[int, Other]:
    """Return the dossiers with these ids that were handed in, as far as others are compared with them."""
    rows = list(
        db.session.execute(
            select(Nomination, Scheme, Edition)
            .join(Category, Category.id == Nomination.category_id)
            .join(Scheme, Scheme.id == Category.scheme_id)
            .join(Edition, Edition.id == Nomination.edition_id)
            .where(Nomination.id.in_(sorted(ids)), Nomination.submitted_at.is_not(None))
        )
    )
    decided = _map_decisions([nomination.code for nomination, *_rest in rows])
    return {
        nomination.id: Other(
            id=nomination.id,
            code=nomination.code,
            state=nomination.state,
            nominee_name=nomination.nominee_name,
            nominee_position=nomination.nominee_position,
            nominee_email=nomination.nominee_email,
            organisation_id=nomination.organisation_id,
            organisation_name=nomination.organisation_name,
            edition_id=edition.id,
            edition_name=edition.name,
            year=edition.year,
            scheme_id=scheme.id,
            scheme_name=scheme.name,
            thematic=scheme.thematic,
            submitted_on=(nomination.submitted_at or nomination.updated_at).astimezone(zone).date(),
            decided_on=nomination.updated_at.astimezone(zone).date()
            if nomination.state is State.AWARDED
            else None,
            decision=decided.get((nomination.edition_id, nomination.code), ""),
        )
        for nomination, scheme, edition in rows
    }


def _map_decisions(codes: Collection[str]) -> dict[tuple[int | None, str], str]:
    """Return the numbers of the decisions that honoured these dossiers, by edition and code.

    Decisions lie above this feature; that one honoured a dossier is part of the dossier's own history.
    """
    rows = db.session.execute(
        select(AuditEntry.edition_id, AuditEntry.subject, AuditEntry.facts).where(
            AuditEntry.action == "nomination.awarded", AuditEntry.subject.in_(sorted(codes))
        )
    )
    return {(edition_id, code): str(facts.get("decision", "")) for edition_id, code, facts in rows}


def _prints(ids: Collection[int]) -> dict[int, DossierPrint]:
    return {
        row.nomination_id: row
        for row in db.session.scalars(select(DossierPrint).where(DossierPrint.nomination_id.in_(sorted(ids))))
    }


def load_holds(found: Collection[Nomination], today: date, zone: ZoneInfo) -> dict[int, list[HoldFacts]]:
    """Return the holds that concern each of these dossiers, the oldest first."""
    keys = {each.id: rules.nominee_key(each.nominee_name) for each in found}
    rows = list_holds_on([each.id for each in found], keys.values(), [each.organisation_id for each in found])
    return {
        each.id: [
            HoldFacts(
                id=row.id,
                kind=row.kind,
                on=row.on,
                name=pick(row.organisation.name, "vi") if row.organisation is not None else row.nominee_name,
                reason=row.reason,
                opened_on=row.opened_at.astimezone(zone).date(),
                opened_by=_name_of(row.opened_by),
                expires_on=row.expires_on,
                holding=rules.is_holding(row.lifted_at is not None, row.expires_on, today),
                lifted_on=row.lifted_at.astimezone(zone).date() if row.lifted_at else None,
                lifted_by=_name_of(row.lifted_by),
                lift_reason=row.lift_reason or "",
            )
            for row in rows
            if row.nomination_id == each.id
            or row.organisation_id == each.organisation_id
            or (row.nominee_key == keys[each.id] and rules.is_same_name(row.nominee_name, each.nominee_name))
        ]
        for each in found
    }


def _name_of(account: Account | None) -> str:
    return account.full_name if account is not None else "–"


def list_holds_on(
    nomination_ids: Iterable[int], nominee_keys: Iterable[str], organisation_ids: Iterable[int]
) -> list[Hold]:
    """Return the holds of every edition on these, with who opened and lifted them, the oldest first."""
    on: ColumnElement[bool] = or_(
        Hold.nomination_id.in_(sorted(set(nomination_ids))),
        Hold.nominee_key.in_(sorted(set(nominee_keys))),
        Hold.organisation_id.in_(sorted(set(organisation_ids))),
    )
    return list(db.session.scalars(select_holds().where(on).order_by(Hold.id)))


def select_holds() -> Select[Hold]:
    """Return the statement that loads holds with who opened and lifted them."""
    return select(Hold).options(
        joinedload(Hold.opened_by), joinedload(Hold.lifted_by), joinedload(Hold.organisation)
    )


def _load_quotas(edition_id: int, found: Collection[Nomination]) -> dict[int, list[QuotaFacts]]:
    """Return the quotas that these dossiers are beyond: an agency's come in its own order, else as handed in."""
    quotas: dict[int, list[Quota]] = {}
    for row in db.session.scalars(
        select(Quota).join(Scheme, Scheme.id == Quota.scheme_id).where(Scheme.edition_id == edition_id)
    ):
        quotas.setdefault(row.scheme_id, []).append(row)
    handed_in: dict[tuple[int, int], list[tuple[Nomination, Category]]] = {}
    kinds: dict[int, OrganisationKind] = {}
    for nomination, category, kind in db.session.execute(
        select(Nomination, Category, Organisation.kind)
        .join(Category, Category.id == Nomination.category_id)
        .join(Organisation, Organisation.id == Nomination.organisation_id)
        .where(
            Nomination.edition_id == edition_id,
            Nomination.organisation_id.in_(sorted({each.organisation_id for each in found})),
            Nomination.state.in_(HANDED_IN),
        )
        .order_by(
            Nomination.rank_in_agency.is_(None),
            Nomination.rank_in_agency,
            Nomination.submitted_at.is_(None),
            Nomination.submitted_at,
            Nomination.id,
        )
    ):
        kinds[nomination.organisation_id] = kind
        handed_in.setdefault((category.scheme_id, nomination.organisation_id), []).append(
            (nomination, category)
        )
    beyond: dict[int, list[QuotaFacts]] = {}
    for (scheme_id, organisation_id), theirs in handed_in.items():
        for nomination, category in theirs:
            quota = find_quota(
                quotas.get(scheme_id, ()),
                category_id=category.id,
                organisation_id=organisation_id,
                organisation_kind=kinds[organisation_id],
            )
            if quota is None:
                continue
            counted = [each for each, its in theirs if quota.category_id in (None, its.id)]
            place = counted.index(nomination) + 1
            if place > quota.most:
                name = category.name if quota.category_id is not None else None
                beyond[nomination.id] = [QuotaFacts(quota.id, quota.most, place, name)]
    return beyond


def _load_opinions(ids: Collection[int], zone: ZoneInfo) -> dict[int, list[OpinionFacts]]:
    opinions: dict[int, list[OpinionFacts]] = {}
    for row in db.session.scalars(select(Opinion).where(Opinion.nomination_id.in_(ids)).order_by(Opinion.id)):
        opinions.setdefault(row.nomination_id, []).append(
            OpinionFacts(
                id=row.id,
                organisation_name=row.organisation_name,
                asked_on=row.asked_at.astimezone(zone).date(),
                due_on=row.due_on,
                answered_on=row.answered_at.astimezone(zone).date() if row.answered_at else None,
                in_favour=row.in_favour,
                text=row.text or "",
            )
        )
    return opinions
