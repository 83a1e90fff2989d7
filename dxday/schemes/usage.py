"""How many nominations stand under a scheme: told by those who keep nominations, which schemes know nothing of."""

from collections.abc import Callable

from flask import current_app

Used = dict[tuple[int, int], int]
"""(category, organisation) → nominations that are no draft any more and were not withdrawn."""


def count_used(scheme_id: int) -> Used:
    """Return how many nominations of the scheme are no draft and not withdrawn, by category and organisation."""
    ask: Callable[[int], Used] = current_app.extensions["dxday_used"]
    return ask(scheme_id)
