"""Opening proposals."""

from typing import Any

from dxday.proposals.models import Proposal


def open_solver_proposal(*given: Any, **options: Any) -> Proposal:
    """Open a proposal of automatic scheduling."""
    raise NotImplementedError
