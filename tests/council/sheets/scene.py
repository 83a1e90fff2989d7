"""A scheme with two criteria, a secretary, readers, and dossiers that they read."""

from dataclasses import dataclass, field

from dxday.accounts import queries as accounts
from dxday.accounts.models import Account
from dxday.core.actor import Actor
from dxday.core.permissions import Role
from dxday.council.models import ConflictOfInterest, Declaration, Reading
from dxday.council.rules import ConflictSource
from dxday.council.sheets import services
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Category, Criterion, Scheme
from tests import make


def acting(account: Account) -> Actor:
    """The actor that an account is."""
    return accounts.actor_of(accounts.find_account(account.id))


@dataclass
class Scene:
    """Everything that scoring needs."""

    edition: Edition
    scheme: Scheme
    category: Category
    criteria: list[Criterion]
    secretary: Account
    readers: list[Account] = field(default_factory=list)

    def dossier(self, *readers: Account, category: Category | None = None, **given) -> Nomination:
        """An admitted dossier that these read, after they have answered whether anything ties them to it."""
        nomination = make.nomination(category or self.category, **{"state": State.ADMITTED} | given)
        for reader in readers:
            assign(nomination, reader)
        return nomination

    def fields(self, *scores: int, recommendation: str = "approve", comment: str = "") -> dict:
        """The fields of a sheet that was never written in."""
        own = {f"score_{each.id}": (str(score), 0) for each, score in zip(self.criteria, scores, strict=True)}
        return own | {"recommendation": (recommendation, 0), "comment": (comment, 0)}

    def submit(self, nomination: Nomination, reader: Account, *scores: int, now=make.NOW, **given) -> None:
        """Let a reader submit a new sheet."""
        services.submit_sheet(nomination, self.fields(*scores, **given), actor=acting(reader), now=now)


def assign(nomination: Nomination, reader: Account) -> None:
    make.save(Reading(nomination_id=nomination.id, account_id=reader.id, assigned_at=make.NOW))
    make.save(Declaration(nomination_id=nomination.id, account_id=reader.id, declared_at=make.NOW))


def bar(nomination: Nomination, account: Account) -> None:
    make.save(
        ConflictOfInterest(
            nomination_id=nomination.id,
            account_id=account.id,
            source=ConflictSource.DECLARED,
            kind="other",
            detail="",
            created_at=make.NOW,
        )
    )


def criterion(scheme: Scheme, code: str, weight: int, most: int = 10, **given) -> Criterion:
    defaults = {
        "name": {"vi": code, "en": code.capitalize()},
        "guidance": {"en": f"What {code} means"},
        "position": make.number(),
    }
    return make.save(
        Criterion(scheme_id=scheme.id, code=code, weight=weight, most=most, **(defaults | given))
    )


def built(readers: int = 3, **scheme) -> Scene:
    """A scene with so many readers; effect weighs 60, reach 40."""
    edition = make.edition()
    made = make.scheme(edition, **scheme)
    category = make.category(made)
    scene = Scene(
        edition,
        made,
        category,
        [criterion(made, "effect", 60), criterion(made, "reach", 40)],
        make.account(Role.COUNCIL, edition_id=edition.id),
        [make.account(Role.MEMBER, edition_id=edition.id) for _ in range(readers)],
    )
    for reader in scene.readers:
        # Each has a house of their own: with the agencies' domain they would have to keep away.
        reader.email = reader.email_key = f"reader@house{make.number()}.vn"
    db.session.flush()
    return scene
