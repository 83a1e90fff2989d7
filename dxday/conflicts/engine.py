"""The conflict engine: everything that stands against a programme, and what a move would bring or mend.

A rule is a function that finds what stands against something in a *focus*.  The full check has the whole programme in
focus; a try looks at the sessions that would move, once where they are and once where they would be, and compares.
Either asks lanes (see `lanes`), so it costs n log n and a step for each thing found.
"""

import gc
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from dxday.conflicts import checks
from dxday.conflicts.facts import PlacementFacts, ProgrammeFacts
from dxday.conflicts.rules import RULES, Finding, Level, level_of
from dxday.conflicts.world import Focus, World
from dxday.programme.rules import Mode, PlacementRole

__all__ = ["Difference", "Index", "Move", "checks"]


@dataclass(frozen=True)
class Move:
    """Where and when a placement would be.

    Without a `placement_id` it is a new one of `session_id`.  What stays None, but for the room, is as it was.
    """

    placement_id: int | None
    starts_at: datetime
    ends_at: datetime
    room_id: int | None
    site_id: int | None = None
    session_id: int | None = None
    role: PlacementRole | None = None
    mode: Mode | None = None
    removed: bool = False
    """Whether it would not take place at all."""


@dataclass(frozen=True)
class Difference:
    """What a change would bring and what it would mend; a finding that stays is in neither."""

    new: list[Finding]
    solved: list[Finding]


class Index:
    """A programme that was made ready for checking.  It never changes."""

    def __init__(self, facts: ProgrammeFacts) -> None:
        """Make the programme ready; see `facts.ProgrammeFacts` for what is looked at."""
        self.facts = facts
        with _nothing_to_collect():
            self.world = World(facts)
        self._rules = [
            (rule, level)
            for rule in RULES.values()
            if (level := level_of(rule, facts.levels)) is not Level.IGNORE
        ]

    def check(self) -> list[Finding]:
        """Return everything that stands against the programme, the heaviest first, one for each clashing pair."""
        sessions = self.world.sessions.keys()
        focus = Focus(sessions, {placed.id for placed in self.facts.placements}, None)
        with _nothing_to_collect():
            return _in_order(self._look(self.world, focus).values())

    def check_sessions(self, session_ids: Iterable[int]) -> list[Finding]:
        """Return what stands against these sessions, the heaviest first; what is not in the programme has nothing."""
        known = {session_id for session_id in session_ids if session_id in self.world.sessions}
        return _in_order(self._look(self.world, _focus_on(known, self.world)).values())

    def compare(self, after: "Index", session_ids: Iterable[int]) -> Difference:
        """Return what a change of these sessions brought and mended; `after` is the programme with it."""
        asked = set(session_ids)
        focus = _focus_on(asked, self.world, after.world)
        worlds = [(self, self.world), (after, after.world)]
        had, has = (
            index._look(world, replace(focus, sessions=asked & world.sessions.keys()))
            for index, world in worlds
        )
        return _difference(had, has)

    def try_moves(self, moves: Sequence[Move]) -> Difference:
        """Return what these moves, done together, would bring and mend.

        Raises KeyError for a placement or session that is not in the programme.
        """
        changed = self._place(moves)
        touched = {placed.id for here in changed.values() for placed in here if placed.id < 0}
        touched |= {move.placement_id for move in moves if move.placement_id is not None}
        world = self.world.changed(changed)
        focus = _focus_on(changed.keys(), self.world, world)
        focus = replace(focus, placements=touched)
        return _difference(self._look(self.world, focus), self._look(world, focus))

    def _place(self, moves: Sequence[Move]) -> dict[int, list[PlacementFacts]]:
        """Return the placements that every touched session would have."""
        by_session: dict[int, list[Move]] = defaultdict(list)
        for move in moves:
            if move.placement_id is not None:
                by_session[self.world.session_of(move.placement_id)].append(move)
            elif move.session_id is not None:
                by_session[self.world.sessions[move.session_id].id].append(move)
            else:
                raise KeyError("a new placement needs the session that it is of")
        changed: dict[int, list[PlacementFacts]] = {}
        new_id = 0
        for session_id, own in by_session.items():
            moved = {move.placement_id: move for move in own if move.placement_id is not None}
            here = [slot.facts for slot in self.world.slots_of(session_id)]
            placed = [self._put(facts, moved[facts.id]) if facts.id in moved else facts for facts in here]
            changed[session_id] = [
                facts for facts in placed if facts.id not in moved or not moved[facts.id].removed
            ]
            for move in own:
                if move.placement_id is None and not move.removed:
                    new_id -= 1
                    changed[session_id].append(self._new(new_id, session_id, move))
        return changed

    def _put(self, facts: PlacementFacts, move: Move) -> PlacementFacts:
        """Return a placement where it would be; a permission to share a room was for the old place and ends."""
        stays = (facts.starts_at, facts.ends_at, facts.room_id) == (
            move.starts_at,
            move.ends_at,
            move.room_id,
        )
        site_id = self._site_of(move)
        return replace(
            facts,
            starts_at=move.starts_at,
            ends_at=move.ends_at,
            room_id=move.room_id,
            site_id=facts.site_id if site_id is None else site_id,
            role=move.role or facts.role,
            mode=move.mode or facts.mode,
            override=facts.override if stays else None,
        )

    def _site_of(self, move: Move) -> int | None:
        return move.site_id if move.room_id is None else self.world.rooms[move.room_id].site_id

    def _new(self, new_id: int, session_id: int, move: Move) -> PlacementFacts:
        site_id = self._site_of(move)
        if site_id is None:
            raise KeyError("a new placement needs a site or a room")
        return PlacementFacts(
            new_id,
            session_id,
            site_id,
            move.room_id,
            move.starts_at,
            move.ends_at,
            role=move.role or PlacementRole.ORIGIN,
            mode=move.mode or Mode.ON_SITE,
        )

    def _look(self, world: World, focus: Focus) -> dict[tuple[str, str], Finding]:
        found: dict[tuple[str, str], Finding] = {}
        overrides = self.facts.overrides
        for rule, level in self._rules:
            for draft in rule.find(world, focus):
                name = rule.code, draft.key
                if name not in found:
                    found[name] = Finding(
                        rule.code,
                        level,
                        draft.key,
                        draft.session_ids,
                        draft.placement_ids,
                        draft.site_ids,
                        draft.message,
                        draft.mend,
                        overrides.get(name, draft.allowed),
                        world.sessions,
                        world.sites,
                    )
        return found


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """Let Python not look for garbage while a hundred thousand things are made that all stay.

    It would look through all of them again and again, which alone costs more than n log n.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _difference(
    before: Mapping[tuple[str, str], Finding], after: Mapping[tuple[str, str], Finding]
) -> Difference:
    return Difference(
        new=_in_order(found for name, found in after.items() if name not in before),
        solved=_in_order(found for name, found in before.items() if name not in after),
    )


def _focus_on(session_ids: Collection[int], *worlds: World) -> Focus:
    """Return the focus on whole sessions: their placements, and the times that they take up in these worlds."""
    placements: set[int] = set()
    times: list[tuple[int, int]] = []
    for world in worlds:
        for session_id in session_ids:
            slots = world.slots_of(session_id) if session_id in world.sessions else ()
            if slots:
                placements.update(slot.id for slot in slots)
                times.append((min(slot.start for slot in slots), max(slot.end for slot in slots)))
    return Focus(session_ids, placements, list(dict.fromkeys(times)))


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    order = list(RULES)
    return sorted(findings, key=lambda each: (-each.level.weight, order.index(each.rule), each.session_ids))
