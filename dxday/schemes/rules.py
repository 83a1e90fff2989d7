"""Forms of award, who can be honoured, until when nominations are taken, and how many."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol, TypeVar

from dxday.core import workdays
from dxday.core.errors import RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.sites.rules import CodeNotUsable, check_code

PAGES = frozenset({"holidays"})
"""Words of addresses beside the schemes' codes, besides "new"."""

MOST_STEPS = 6
"""Steps of an endorsement chain."""


class NomineeKind(StrEnum):
    """Who can be honoured (Law 06/2022/QH15: collective, individual, household)."""

    COLLECTIVE = "collective"
    INDIVIDUAL = "individual"
    HOUSEHOLD = "household"


NOMINEE_KIND_NAMES: dict[NomineeKind, Words] = {
    NomineeKind.COLLECTIVE: lazy_gettext("Collective"),
    NomineeKind.INDIVIDUAL: lazy_gettext("Individual"),
    NomineeKind.HOUSEHOLD: lazy_gettext("Household"),
}


class AwardForm(StrEnum):
    """The form of a commendation; the Vietnamese name is the legal one."""

    BANG_KHEN = "bang_khen"
    GIAY_KHEN = "giay_khen"
    THEMATIC = "thematic"
    OWN = "own"


AWARD_FORM_NAMES: dict[AwardForm, Words] = {
    AwardForm.BANG_KHEN: lazy_gettext("Diploma of Merit (Bằng khen)"),
    AwardForm.GIAY_KHEN: lazy_gettext("Certificate of Merit (Giấy khen)"),
    AwardForm.THEMATIC: lazy_gettext("Thematic commendation (khen thưởng chuyên đề)"),
    AwardForm.OWN: lazy_gettext("Award of the organiser"),
}


class ItemKind(StrEnum):
    """What sort of answer an item of a dossier is."""

    TEXT = "text"
    FILE = "file"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"


ITEM_KIND_NAMES: dict[ItemKind, Words] = {
    ItemKind.TEXT: lazy_gettext("Text"),
    ItemKind.FILE: lazy_gettext("File"),
    ItemKind.NUMBER: lazy_gettext("Number"),
    ItemKind.YES_NO: lazy_gettext("Yes or no"),
    ItemKind.DATE: lazy_gettext("Day"),
}


class TieBreak(StrEnum):
    """What happens when a round of a ballot decides nothing; stated before the first vote."""

    NEXT_ROUND = "next_round"
    CHAIR = "chair"
    """The chair's side counts."""
    NOT_APPROVED = "not_approved"


TIE_BREAK_NAMES: dict[TieBreak, Words] = {
    TieBreak.NEXT_ROUND: lazy_gettext("Another round"),
    TieBreak.CHAIR: lazy_gettext("The chair's side counts"),
    TieBreak.NOT_APPROVED: lazy_gettext("Not approved"),
}


SETTING_NAMES: dict[str, Words] = {
    "legal_basis": lazy_gettext("Legal basis"),
    "thematic": lazy_gettext("Thematic award"),
    "nominators": lazy_gettext("Who may nominate"),
    "grace_minutes": lazy_gettext("Grace after closing, in minutes"),
    "readers": lazy_gettext("Members who read each dossier"),
    "discrepancy": lazy_gettext("Difference that readers talk about, in points"),
    "ballot": lazy_gettext("A ballot stands before the decision"),
    "secret": lazy_gettext("The ballot is secret"),
    "quorum": lazy_gettext("Quorum, in percent of all seats"),
    "threshold": lazy_gettext("Majority needed, in percent of all seats"),
    "rounds": lazy_gettext("Rounds of the ballot"),
    "tie_break": lazy_gettext("When a round decides nothing"),
    "comment_days": lazy_gettext("Public comment, in working days"),
    "criteria": lazy_gettext("Criteria and weights"),
}
"""Settings that a rule pack may set, in words, in the order of the pages."""


class CallNotInOrder(RuleBroken):
    """A call that closes before it opens, where one of the two may be the edition's."""

    field = "closes_at"
    sentence = lazy_gettext(
        "Nominations would close before they open. The edition’s dates count where none is given."
    )


class DossiersUnderOtherItems(RuleBroken):
    """A change of what dossiers must hold, when some were handed in already."""

    status = 409
    sentence = lazy_gettext(
        "Dossiers were handed in under the items and questions of today: what a dossier must hold cannot change any "
        "more."
    )


class StillUsed(RuleBroken):
    """Something that answers, scores or other records hang on."""

    status = 409
    sentence = lazy_gettext("This cannot be removed any more: something was recorded with it.")


KEPT_OPEN = frozenset(
    {"nominee_name", "nominee_position", "nominee_email", "achievement", "contact_name", "contact_email"}
)
"""Codes of items that every nomination has, which are compared, searched and printed: they are never sealed."""


class NeverSensitive(RuleBroken):
    """An item marked as sensitive that is read by too many for that."""

    field = "sensitive"
    sentence = lazy_gettext(
        "This item is compared with other dossiers and read by whoever endorses and judges. Ask for what is sensitive "
        "in an item of its own."
    )


class BasisMissing(RuleBroken):
    """A setting confirmed without saying on what."""

    field = "basis"
    sentence = lazy_gettext("Say on what it stands: an article, a decision or a letter.")


class ReasonMissing(RuleBroken):
    """An extension without a reason."""

    field = "reason"
    sentence = lazy_gettext("Give the reason: it stays on record.")


class NothingToExtend(RuleBroken):
    """An extension of a call that has no closing time."""

    field = "closes_at"
    sentence = lazy_gettext("There is no closing time to extend: set one first.")


class ExtensionTooEarly(RuleBroken):
    """An extension to a time that is not after the closing, or is past."""

    field = "closes_at"
    sentence = lazy_gettext("Give a time after the closing time and after now.")


class QuotaOfBoth(RuleBroken):
    """A quota of a kind of organisations and of a single one."""

    field = "organisation"
    sentence = lazy_gettext("Choose a kind of organisation or a single one, not both.")


class QuotaTwice(RuleBroken):
    """A second quota for the same."""

    status = 409
    sentence = lazy_gettext("There is a quota for these already: change that one.")


class DayTwice(RuleBroken):
    """A day that stands in the holiday table already."""

    field = "day"
    sentence = lazy_gettext("This day is in the table already: remove it first.")


def check_scheme_code(code: str) -> None:
    """Raise CodeNotUsable for a code that cannot stand in an address, or stands for one of the pages there."""
    check_code(code)
    if code in PAGES:
        raise CodeNotUsable(code=code)


def check_call_in_order(opens_at: datetime | None, closes_at: datetime | None) -> None:
    """Raise CallNotInOrder."""
    if opens_at is not None and closes_at is not None and opens_at >= closes_at:
        raise CallNotInOrder


def check_extension(closes_at: datetime, call: "Call", reason: str, now: datetime) -> None:
    """Raise NothingToExtend, ExtensionTooEarly, ReasonMissing; `call` is what holds for everybody."""
    if call.closes_at is None:
        raise NothingToExtend
    if closes_at <= call.closes_at or closes_at <= now:
        raise ExtensionTooEarly
    if not reason.strip():
        raise ReasonMissing


@dataclass(frozen=True)
class Call:
    """When nominations are taken: from `opens_at` on, until just before `closes_at`.

    Until just before `grace_until`, what somebody was already editing is still taken.  Without an opening it is
    never open; without a closing it never ends.
    """

    opens_at: datetime | None
    closes_at: datetime | None
    grace_until: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Tell whether a nomination can be begun and submitted at `now`."""
        return (
            self.opens_at is not None
            and self.opens_at <= now
            and (self.closes_at is None or now < self.closes_at)
        )

    def is_in_grace(self, now: datetime) -> bool:
        """Tell whether at `now` only what was already being edited is taken."""
        return (
            self.closes_at is not None
            and self.grace_until is not None
            and self.closes_at <= now < self.grace_until
        )

    def is_over(self, now: datetime) -> bool:
        """Tell whether nothing is taken any more: from the end of the grace period on."""
        return self.closes_at is not None and (self.grace_until or self.closes_at) <= now


def make_call(
    opens_at: datetime | None,
    closes_at: datetime | None,
    *,
    grace_minutes: int,
    extensions: Iterable[datetime] = (),
) -> Call:
    """Return the call with the latest of the extensions that apply; none of them closes it earlier."""
    if closes_at is None:
        return Call(opens_at, None, None)
    latest = max([closes_at, *extensions])
    return Call(opens_at, latest, latest + timedelta(minutes=grace_minutes))


def end_of_working_days(
    begun_at: datetime, count: int, *, zone: tzinfo, days_off: Mapping[date, bool]
) -> datetime:
    """Return when the last of `count` working days after the day of `begun_at` ends: the midnight after it.

    The day on which something begins is not counted; `days_off` is what the holiday table says.
    """
    last = workdays.add_working_days(begun_at.astimezone(zone).date(), count, overrides=days_off)
    return datetime.combine(last + timedelta(days=1), time(), tzinfo=zone)


class QuotaLike(Protocol):
    """What a quota says."""

    @property
    def category_id(self) -> int | None:
        """The category that it is for; None: all together."""

    @property
    def organisation_kind(self) -> str | None:
        """The kind of organisation that it is for."""

    @property
    def organisation_id(self) -> int | None:
        """The organisation that it is for."""

    @property
    def most(self) -> int:
        """How many each of these may hand in."""


Q = TypeVar("Q", bound=QuotaLike)


def find_quota(
    quotas: Iterable[Q], *, category_id: int, organisation_id: int, organisation_kind: str
) -> Q | None:
    """Return the quota that holds for an organisation in a category, or None where there is no limit.

    The most particular holds alone: of the organisation before of its kind before of everybody, and in each of
    the category before of all.
    """

    def holds(quota: Q) -> bool:
        return (
            quota.category_id in (None, category_id)
            and quota.organisation_id in (None, organisation_id)
            and quota.organisation_kind in (None, organisation_kind)
        )

    def particular(quota: Q) -> tuple[bool, bool, bool]:
        return (
            quota.organisation_id is not None,
            quota.organisation_kind is not None,
            quota.category_id is not None,
        )

    return max(filter(holds, quotas), key=particular, default=None)


def count_against(quota: QuotaLike, used: Mapping[tuple[int, int], int], *, organisation_id: int) -> int:
    """Return how many of an organisation's nominations count against the quota.

    `used` is (category, organisation) → how many are no draft and not withdrawn.
    """
    return sum(
        count
        for (category, organisation), count in used.items()
        if organisation == organisation_id and quota.category_id in (None, category)
    )


class Weighed(Protocol):
    """What has a weight."""

    @property
    def weight(self) -> int:
        """Its part of the sum."""


def percents(criteria: Sequence[Weighed]) -> list[float]:
    """Return the share of each criterion in the sum of weights, in percent, unrounded."""
    total = sum(each.weight for each in criteria)
    return [100 * each.weight / total for each in criteria]


def check_may_be_sensitive(code: str, *, sensitive: bool) -> None:
    """Raise NeverSensitive for an item that is marked as sensitive and cannot be sealed."""
    if sensitive and code in KEPT_OPEN:
        raise NeverSensitive
