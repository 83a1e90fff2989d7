"""A ceremony with a hall and a site, and awards that wait to be handed over."""

from dataclasses import dataclass
from typing import Any

from dxday.accounts import queries as accounts
from dxday.accounts.models import Account, Organisation
from dxday.awards.models import Award, Decision
from dxday.ceremony import rules
from dxday.ceremony.models import Ceremony
from dxday.ceremony.queries import order as queries
from dxday.ceremony.rules import First
from dxday.ceremony.services import ordering
from dxday.certificates.rules import Standing
from dxday.core.actor import Actor
from dxday.core.permissions import Role
from dxday.editions.models import Edition
from dxday.nominations.rules import State
from dxday.programme.models import Session
from dxday.programme.rules import SessionKind
from dxday.schemes.models import Category
from dxday.schemes.rules import NomineeKind
from dxday.sites.models import Site
from dxday.sites.rules import SiteKind
from tests import make

LINE = "Đã có thành tích xuất sắc trong chuyển đổi số."


@dataclass
class Scene:
    """An edition with a main site, a site of an agency, and the people who work there."""

    edition: Edition
    session: Session
    hall: Site
    site: Site
    agency: Organisation
    collectives: Category
    people: Category
    decision: Decision
    secretary: Account
    coordinator: Account

    @property
    def actor(self) -> Actor:
        return actor_of(self.secretary)

    @property
    def path(self) -> str:
        return f"/manage/{self.edition.code}/ceremonies/{self.session.code}"

    @property
    def site_path(self) -> str:
        return f"/site/{self.edition.code}/handing-over/{self.site.code}/"

    def award(self, name: str, *, agency: Organisation | None = None, category: Any = None, **given) -> Award:
        chosen = category or self.collectives
        nomination = make.nomination(
            chosen, agency or make.organisation(), nominee_name=name, state=State.AWARDED
        )
        defaults = {
            "recipient_kind": chosen.nominee_kind,
            "position": make.number(),
            "achievement": LINE,
        }
        return make.award(given.pop("decision", self.decision), nomination, **(defaults | given))

    def ceremony(self, *, per_call: int = 10, first: First = First.COLLECTIVES, **given) -> Ceremony:
        words = {"opening": rules.OPENING, "line": rules.LINE} | given
        return ordering.set_up(
            self.session, first=first, per_call=per_call, actor=self.actor, now=make.NOW, **words
        )

    def ordered(self, **given) -> Ceremony:
        """A ceremony with all awards in order."""
        ceremony = self.ceremony(**given)
        ordering.propose_order(ceremony, actor=self.actor, now=make.NOW)
        return ceremony


def actor_of(account: Account) -> Actor:
    return accounts.actor_of(accounts.find_account(account.id))


def annul(award: Award) -> None:
    """Recall the award's certificate, as somebody who found a false dossier does."""
    make.certificate(award, standing=Standing.REVOKED, revoked_at=make.NOW, revocation_reason="false_dossier")


def names(ceremony: Ceremony) -> list[list[str]]:
    """The names of each call, annulled awards included."""
    return [[each.award.recipient_name for each in call.turns] for call in queries.read_order(ceremony).calls]


def turn_of(ceremony: Ceremony, award: Award):
    return queries.get_placed(ceremony.id, award.code).turn


def new_scene() -> Scene:
    edition = make.edition()
    agency = make.organisation()
    scheme = make.scheme(edition)
    site = make.site(edition, organisation_id=agency.id)
    return Scene(
        edition=edition,
        session=make.session(edition, kind=SessionKind.CEREMONY),
        hall=make.site(edition, kind=SiteKind.MAIN),
        site=site,
        agency=agency,
        collectives=make.category(scheme),
        people=make.category(
            scheme, nominee_kind=NomineeKind.INDIVIDUAL, name={"vi": "Cá nhân", "en": "People"}
        ),
        decision=make.decision(edition),
        secretary=make.account(Role.COUNCIL, edition_id=edition.id),
        coordinator=make.account(Role.SITE, edition_id=edition.id, site_id=site.id),
    )
