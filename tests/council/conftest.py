"""A council with three members, one of them an expert, and two dossiers before it."""

from types import SimpleNamespace

import pytest

from dxday.core.permissions import Role
from dxday.nominations.rules import State
from tests import make


@pytest.fixture
def world(app):
    edition = make.edition()
    scheme = make.scheme(edition, readers=2)
    category = make.category(scheme)
    council = make.council(edition, scheme)
    members = [
        make.member(council, expert=n == 0, email=f"m{n}.{make.number()}@agency{n}.vn") for n in range(3)
    ]
    return SimpleNamespace(
        edition=edition,
        scheme=scheme,
        category=category,
        council=council,
        members=members,
        dossiers=[make.nomination(category, state=State.ADMITTED) for _ in range(2)],
        secretary=make.account(Role.COUNCIL, edition_id=edition.id),
        actor=make.actor(Role.COUNCIL, edition_id=edition.id),
    )
