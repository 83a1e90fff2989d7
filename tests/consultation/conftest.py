"""A scheme whose list is published for ten working days, with two nominations before the council."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from dxday.accounts.models import Account, Organisation
from dxday.consultation import queries, rules, services
from dxday.consultation.models import Comment, CommentWindow
from dxday.core.actor import Actor, ActorKind, Grant
from dxday.core.permissions import Role
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.schemes.models import Category, Scheme
from dxday.schemes.rules import NomineeKind
from tests import make

SIGNED = rules.Signature("Đỗ Thị Góp Ý", "0912 345 678", "", "Số 1, đường Thí Dụ, xã Mẫu", signed=True)


@dataclass
class Desk:
    """The scheme, what is nominated in it, and the secretary who publishes."""

    edition: Edition
    scheme: Scheme
    category: Category
    agency: Organisation
    nominations: list[Nomination]
    account: Account
    secretary: Actor

    def admit(self, name: str, **given) -> Nomination:
        return make.nomination(self.category, self.agency, state=State.ADMITTED, nominee_name=name, **given)

    def publish(self, *, now=make.NOW, reason: str = "", seen: str | None = None) -> CommentWindow:
        return services.publish_list(
            self.scheme,
            seen=seen or queries.compose_list(self.scheme).sha256,
            reason=reason,
            actor=self.secretary,
            now=now,
        )

    def comment(
        self,
        window: CommentWindow,
        number: int | None = 1,
        *,
        text: str = "Ông ấy không làm việc này.",
        signature: rules.Signature = SIGNED,
        guid: UUID | None = None,
        now=make.NOW,
    ) -> str:
        return services.receive_comment(
            window,
            number=number,
            text=text,
            signature=signature,
            guid=guid or uuid4(),
            locale="vi",
            now=now,
        )

    def dispose(
        self, comment: Comment, *, actor: Actor | None = None, reason="Đã xác minh.", **given
    ) -> None:
        services.dispose_comment(
            comment,
            **(
                {
                    "outcome": rules.Outcome.UNFOUNDED,
                    "reason": reason,
                    "reply": "Cảm ơn Ông/Bà.",
                    "actor": actor or self.secretary,
                    "now": make.NOW,
                }
                | given
            ),
        )

    def waiting(self) -> list[Comment]:
        return queries.list_comments(self.edition.id, disposed=False)


def make_desk(*, nominations: int = 2, comment_days: int | None = 10, **scheme) -> Desk:
    """A scheme with so many collectives before the council."""
    edition = make.edition()
    made = make.scheme(edition, comment_days=comment_days, **({"ballot": True} | scheme))
    account = make.account(Role.COUNCIL, edition_id=edition.id)
    desk = Desk(
        edition=edition,
        scheme=made,
        category=make.category(made, nominee_kind=NomineeKind.COLLECTIVE),
        agency=make.organisation(),
        nominations=[],
        account=account,
        secretary=secretary_of(account, edition),
    )
    desk.nominations = [desk.admit(f"Tổ công nghệ số số {number + 1}") for number in range(nominations)]
    return desk


def secretary_of(account: Account, edition: Edition, *more: Grant) -> Actor:
    return Actor(
        kind=ActorKind.PERSON,
        label=account.full_name,
        account_id=account.id,
        grants=(Grant(Role.COUNCIL, edition_id=edition.id), *more),
    )


@pytest.fixture
def desk(app) -> Desk:
    """Two nominations before the council, ten working days of comment."""
    made = make_desk()
    db.session.flush()
    return made
