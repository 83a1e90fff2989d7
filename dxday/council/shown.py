"""A proposal beside what is so now: who gets and loses what, how the load changes, and what cannot be served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dxday.council.assigning import Problem, loads_of


@dataclass(frozen=True)
class Line:
    """What changes for a dossier, and what it lacks afterwards."""

    key: int
    readers: tuple[int, ...]
    added: frozenset[int]
    removed: frozenset[int]
    barred: int
    """How many of those who sit have a conflict with it."""
    missing: int
    """How many readers it has too few."""
    without_expert: bool

    @property
    def is_changed(self) -> bool:
        """Whether anybody comes or goes."""
        return bool(self.added or self.removed)

    @property
    def lacks(self) -> bool:
        """Whether it is not served as it should be."""
        return bool(self.missing) or self.without_expert


@dataclass(frozen=True)
class Load:
    """How much a member reads, before and after."""

    member: int
    before: int
    after: int


def compare(problem: Problem, wanted: Mapping[int, frozenset[int]]) -> tuple[list[Line], list[Load]]:
    """Return a line for each dossier in the order of the problem, and the load of each member."""
    existing = problem.existing or {}
    members = frozenset(problem.members)
    lines = [
        Line(
            key=task.key,
            readers=tuple(sorted(wanted.get(task.key, frozenset()))),
            added=wanted.get(task.key, frozenset()) - existing.get(task.key, frozenset()),
            removed=existing.get(task.key, frozenset()) - wanted.get(task.key, frozenset()),
            barred=len(task.barred & members),
            missing=max(0, task.readers - len(wanted.get(task.key, frozenset()))),
            without_expert=not wanted.get(task.key, frozenset()) & problem.experts,
        )
        for task in problem.tasks
    ]
    before, after = loads_of(existing, problem.members), loads_of(wanted, problem.members)
    return lines, [Load(member, before.get(member, 0), after.get(member, 0)) for member in problem.members]


def readers_in(pairs: Sequence[Sequence[int]]) -> dict[int, frozenset[int]]:
    """Return the readers of each dossier from [dossier, reader] pairs."""
    found: dict[int, set[int]] = {}
    for key, member in pairs:
        found.setdefault(key, set()).add(member)
    return {key: frozenset(members) for key, members in found.items()}
