"""A council with a secretary, and nominations that wait for its decision."""

from dataclasses import dataclass

import pytest

from dxday.accounts import queries as accounts
from dxday.accounts.models import Account
from dxday.awards import services
from dxday.awards.models import Decision
from dxday.core.actor import Actor
from dxday.core.permissions import Role
from dxday.editions.models import Edition
from dxday.nominations.models import Nomination
from dxday.schemes.models import Category
from tests import make

LINE = "Đã có thành tích xuất sắc trong chuyển đổi số."


@dataclass
class Council:
    """Where decisions are recorded."""

    edition: Edition
    category: Category
    account: Account

    @property
    def secretary(self) -> Actor:
        return accounts.actor_of(accounts.find_account(self.account.id))

    @property
    def path(self) -> str:
        return f"/council/{self.edition.code}/"

    def nomination(self, **given) -> Nomination:
        return make.nomination(self.category, **given)

    def record(self, *nominations: Nomination, **given) -> Decision:
        plain = {
            "number": f"{make.number()}/QĐ-UBND",
            "decided_on": make.TODAY,
            "signatory_name": "Phạm Văn Thử",
            "signatory_title": "Chủ tịch",
            "place": "Nghệ An",
            "awards": [(nomination, LINE) for nomination in nominations],
            "announce_at": make.NOW,
            "actor": given.get("actor") or self.secretary,
            "now": make.NOW,
        }
        if "now" in given and "announce_at" not in given:
            plain["announce_at"] = given["now"]
        return services.record_decision(self.edition, **(plain | given))


def new_council() -> Council:
    edition = make.edition()
    account = make.account(Role.COUNCIL, edition_id=edition.id)
    return Council(edition, make.category(make.scheme(edition)), account)


@pytest.fixture
def council(app) -> Council:
    """An edition with a category and its council's secretary."""
    return new_council()
