"""Where a proposal comes from, what becomes of it, and the changes that it consists of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from dxday.core.actor import Actor, ActorKind
from dxday.core.errors import NotAllowed, RuleBroken
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.permissions import Permission, Role


class Source(StrEnum):
    """Who or what proposes."""

    SITE = "site"
    SOLVER = "solver"


SOURCE_NAMES: dict[Source, Words] = {
    Source.SITE: lazy_gettext("A site"),
    Source.SOLVER: lazy_gettext("Automatic scheduling"),
}


class State(StrEnum):
    """What became of a proposal."""

    DRAFT = "draft"
    OPEN = "open"
    TAKEN = "taken"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


STATE_NAMES: dict[State, Words] = {
    State.DRAFT: lazy_gettext("Being written"),
    State.OPEN: lazy_gettext("Waits for an organizer"),
    State.TAKEN: lazy_gettext("Taken"),
    State.RETURNED: lazy_gettext("Returned"),
    State.WITHDRAWN: lazy_gettext("Withdrawn"),
}

MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.OPEN}),
    State.OPEN: frozenset({State.TAKEN, State.RETURNED, State.WITHDRAWN}),
    State.RETURNED: frozenset({State.DRAFT}),
    State.WITHDRAWN: frozenset({State.DRAFT}),
    State.TAKEN: frozenset(),
}
"""Which state may follow which: what was returned or withdrawn is written on as a draft."""

WITH_THE_SITE = (State.DRAFT, State.RETURNED, State.WITHDRAWN)
"""The states in which a site may change its proposal."""


class Kind(StrEnum):
    """What a change does to a session."""

    ADD = "add"
    CHANGE = "change"
    PLACE = "place"
    MOVE = "move"
    CANCEL = "cancel"
    RECEIVE = "receive"
    OPT_OUT = "opt_out"


KIND_NAMES: dict[Kind, Words] = {
    Kind.ADD: lazy_gettext("New session"),
    Kind.CHANGE: lazy_gettext("What it is"),
    Kind.PLACE: lazy_gettext("Gets a place"),
    Kind.MOVE: lazy_gettext("Moved"),
    Kind.CANCEL: lazy_gettext("Cancelled"),
    Kind.RECEIVE: lazy_gettext("How it is received"),
    Kind.OPT_OUT: lazy_gettext("Does not take part"),
}

SOLVER_KINDS = frozenset({Kind.PLACE, Kind.MOVE, Kind.RECEIVE, Kind.OPT_OUT})
LONGEST_NOTE = 2000


class NotYourSite(NotAllowed):
    """A change of what another site, or all sites together, have."""

    sentence = lazy_gettext("You may change only what your own site holds, and how it receives the rest.")


class NotYoursToDecide(NotAllowed):
    """A proposal decided on by somebody who does not plan the programme."""

    sentence = lazy_gettext("Only those who plan the programme take or return a proposal.")


class WithOrganizers(RuleBroken):
    """A change of a proposal that was submitted and is not decided on."""

    sentence = lazy_gettext("Your changes are with the organizers. Take them back before you change more.")


class DecidedAlready(RuleBroken):
    """A proposal that is to be decided on, and is not open."""

    sentence = lazy_gettext("This proposal is not open any more: it was taken, returned or withdrawn.")


class NothingProposed(RuleBroken):
    """A proposal without changes that is to be submitted, or of which nothing is chosen."""

    sentence = lazy_gettext("Choose at least one change.")


class AnswerMissing(RuleBroken):
    """A proposal that is returned without a word."""

    field = "answer"
    sentence = lazy_gettext("Say why you return it, so that the site knows what to change.")


class OutOfDate(RuleBroken):
    """Changes of sessions that were changed since, among those that are to be taken."""

    status = 409
    sentence = lazy_gettext(
        "%(titles)s: changed since this was proposed. Look at what differs, then take the rest or return it."
    )


class ChangeNotKnown(RuleBroken):
    """A change that cannot be read: of no kind that there is, or without what its kind needs."""

    sentence = lazy_gettext("A proposed change cannot be read.")


Values = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One change of one session, as plain JSON values, with the version that it was made in sight of."""

    kind: Kind
    session_id: int | None
    """None for a session that is to be added."""
    version: int
    placement_id: int | None = None
    was: Values = field(default_factory=dict)
    becomes: Values = field(default_factory=dict)
    taken: bool | None = None
    """Whether it was taken when the proposal was decided on; None before."""

    @property
    def key(self) -> str:
        """What it is about: two changes with one key are the same wish, the later in place of the earlier."""
        if self.kind is Kind.ADD:
            return f"add:{self.becomes['guid']}"
        if self.kind in (Kind.RECEIVE, Kind.OPT_OUT):
            return f"placement:{self.placement_id}"
        return f"{self.kind.value}:{self.session_id}"

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        kept: dict[str, Any] = {
            "kind": self.kind.value,
            "session": self.session_id,
            "version": self.version,
            "placement": self.placement_id,
            "was": dict(self.was),
            "becomes": dict(self.becomes),
        }
        return kept if self.taken is None else kept | {"taken": self.taken}


def read_change(kept: Mapping[str, Any]) -> Change:
    """Return the change that is kept as plain values.  Raises ChangeNotKnown."""
    try:
        return Change(
            kind=Kind(kept["kind"]),
            session_id=kept["session"],
            version=int(kept["version"]),
            placement_id=kept.get("placement"),
            was=dict(kept.get("was") or {}),
            becomes=dict(kept["becomes"]),
            taken=kept.get("taken"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ChangeNotKnown from error


def put_change(changes: Sequence[Change], change: Change) -> list[Change]:
    """Return the changes with one more: in place of an earlier one of its key; one that changes nothing is left out.

    What is cancelled is not changed or moved as well.
    """
    left_out = {change.key}
    if change.kind is Kind.CANCEL:
        left_out |= {f"{kind.value}:{change.session_id}" for kind in (Kind.CHANGE, Kind.MOVE)}
    elif change.kind in (Kind.CHANGE, Kind.MOVE):
        left_out.add(f"{Kind.CANCEL.value}:{change.session_id}")
    kept = [each for each in changes if each.key not in left_out]
    place = next((n for n, each in enumerate(changes) if each.key == change.key), len(kept))
    change = _only_different(change)
    if not change.becomes and change.kind is not Kind.CANCEL:
        return kept
    kept.insert(place, change)
    return kept


def _only_different(change: Change) -> Change:
    if change.kind not in (Kind.CHANGE, Kind.MOVE, Kind.RECEIVE):
        return change
    names = [name for name, value in change.becomes.items() if change.was.get(name) != value]
    return replace(
        change,
        was={name: change.was.get(name) for name in names},
        becomes={name: change.becomes[name] for name in names},
    )


def find_differing(was: Values, now: Values) -> dict[str, tuple[Any, Any]]:
    """Return what is not as the proposer saw it: name → (seen then, so now)."""
    return {name: (value, now.get(name)) for name, value in was.items() if now.get(name) != value}


def check_acts_for(actor: Actor, site_id: int, *, edition_id: int) -> None:
    """Raise NotYourSite unless the actor looks after the site (the system and administrators may)."""
    mine = actor.site_ids(Permission.SITE_EDIT, edition_id=edition_id)
    if actor.kind is ActorKind.SYSTEM or Role.ADMIN in actor.roles(edition_id=edition_id):
        return
    if site_id not in mine:
        raise NotYourSite


def check_may_decide(actor: Actor, *, edition_id: int) -> None:
    """Raise NotYoursToDecide unless the actor plans the programme of the edition."""
    if not actor.may(Permission.PROGRAMME_EDIT, edition_id=edition_id):
        raise NotYoursToDecide


def check_move(state: State, wanted: State) -> None:
    """Raise WithOrganizers or DecidedAlready when `wanted` may not follow `state`."""
    if wanted in MOVES[state]:
        return
    raise WithOrganizers if state is State.OPEN else DecidedAlready


def check_chosen(chosen: Iterable[object]) -> None:
    """Raise NothingProposed for no change at all."""
    if not list(chosen):
        raise NothingProposed


def check_answer(answer: str) -> None:
    """Raise AnswerMissing."""
    if not answer.strip():
        raise AnswerMissing
