"""What the solver answers."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from dxday.solver.problem import Placement

Status = Literal["optimal", "complete", "partial", "stopped"]


@dataclass(frozen=True)
class Reason:
    """One member of a smallest set of rules that collide: its code, its sentence, what it is about."""

    code: str
    message: str
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unplaced:
    """A session that found no place, and why.

    `proved`: the reasons collide whatever is done; otherwise they leave no place as long as all other sessions
    stay where they are.
    """

    session: str
    proved: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Step:
    """How far the search was: seconds since its start, sessions not placed, soft cost."""

    seconds: float
    hard: int
    soft: int


@dataclass(frozen=True)
class Solution:
    """A timetable, judged: `hard` counts broken rules among what is placed, and is 0."""

    status: Status
    hard: int
    soft: int
    placed: int
    unplaced: tuple[Unplaced, ...]
    moved: tuple[str, ...]
    """Sessions whose start or origin room is not their current one."""
    rearranged: tuple[str, ...]
    """Sessions that stay, and of which only receiving rooms changed."""
    seconds: float
    placements: tuple[Placement, ...]
    history: tuple[Step, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return plain JSON values, as `solution.schema.json` has them."""
        return asdict(self)
