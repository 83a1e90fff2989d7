"""What is under embargo: every address that is open to all, and every one that an agency opens, says nothing of it."""

from dataclasses import dataclass
from io import BytesIO

import pytest
from sqlalchemy import select

from dxday.accounts.models import Account, Organisation, RoleGrant
from dxday.adapters.storage import open_storage
from dxday.awards import queries as awards
from dxday.awards import services
from dxday.awards.models import Decision
from dxday.ceremony.rules import PressState
from dxday.certificates import jobs
from dxday.certificates import services as certificates
from dxday.certificates.models import Certificate
from dxday.core.permissions import Role
from dxday.db import db
from dxday.editions.models import Edition
from dxday.nominations.rules import State
from dxday.notifications.models import Message
from dxday.schemes.models import Category
from dxday.webhooks import jobs as webhooks
from dxday.webhooks.models import HookDelivery
from tests import make
from tests.architecture.test_access import address, who_may_open, world
from tests.client import PageClient

__all__ = ["world"]

NAME = "Tổ công nghệ số Chưa Công Bố"
NUMBER = "7777/QĐ-KÍN"


@dataclass
class Secret:
    """A decision under embargo, with a certificate that is made."""

    app: object
    people: dict[str, Account]
    values: dict[str, object]
    decision: Decision
    certificate: Certificate
    award_code: str

    @property
    def words(self) -> dict[str, str]:
        return {
            "name": NAME,
            "decision": NUMBER,
            "award": self.award_code,
            "certificate": self.certificate.number,
        }

    def told_by(self, client: PageClient, who: str, *words: str) -> set[str]:
        """The endpoints whose answer holds one of the words."""
        found = set()
        wanted = [self.words[word].encode() for word in words]
        for rule in self.app.url_map.iter_rules():
            if who not in who_may_open(rule.endpoint) or "GET" not in rule.methods:
                continue
            if rule.endpoint in ("accounts.sign_out", "static"):
                continue
            path = address(rule, self.values)
            # A part of the name is looked for: pages say again what was asked.
            for asked in (path, f"{path}?q=Công Bố"):
                response = client._ask("GET", asked).response
                data = response.get_data() + str(response.headers).encode()
                # A page that is not there may say its own address again, and with it the code that was asked for.
                if any(word in data for word in wanted if word not in path.encode()):
                    found.add(rule.endpoint)
        return found

    def announce(self) -> None:
        services.announce_decision(self.decision, actor=make.actor(), now=make.NOW)
        db.session.commit()


@pytest.fixture
def secret(app, world) -> Secret:
    people, values = world
    edition = db.session.scalars(select(Edition).where(Edition.code == values["edition_code"])).one()
    category = db.session.scalars(select(Category).where(Category.edition_id == edition.id)).first()
    agency = db.session.scalars(
        select(Organisation)
        .join(RoleGrant, RoleGrant.organisation_id == Organisation.id)
        .where(RoleGrant.account_id == people["agency"].id)
    ).one()
    nomination = make.nomination(category, agency, nominee_name=NAME, state=State.ADMITTED)
    decision = services.record_decision(
        edition,
        number=NUMBER,
        decided_on=make.TODAY,
        signatory_name="Phạm Văn Thử",
        signatory_title="Chủ tịch",
        place="Nghệ An",
        awards=[(nomination, "Đã có thành tích xuất sắc.")],
        actor=make.actor(Role.COUNCIL, edition_id=edition.id),
        now=make.NOW,
    )
    (certificate,) = certificates.issue_for_decision(
        decision, actor=make.actor(Role.COUNCIL, edition_id=edition.id), now=make.NOW
    )
    db.session.commit()
    jobs.render_certificate(certificate.id, make.NOW)
    db.session.refresh(certificate)
    assert certificate.storage_key
    (award,) = awards.awards_of(decision.id)
    make.press_summary(award, text=f"{NAME} được khen.", state=PressState.APPROVED)
    values = values | {
        "holder_token": certificate.holder_token,
        "nomination": nomination.code,
        "code": values["code"]
        | {"nominations": nomination.code, "dossier": nomination.code, "honours": award.code},
        "award_code": award.code,
        "token": values["token"] | {"certificates_public": certificate.token},
    }
    return Secret(app, people, values, decision, certificate, award.code)


def test_no_address_that_is_open_to_all_tells_of_a_decision_before_it_is_announced(app, secret):
    visitor = PageClient(app)
    everything = ("name", "decision", "award", "certificate")

    before = secret.told_by(visitor, "visitor", *everything)
    secret.announce()
    after = secret.told_by(visitor, "visitor", *everything)

    assert before == set()
    # The control: the same walk finds it everywhere where it belongs, once it is announced.
    assert after == {
        "honours.index",
        "honours.show",
        "public.home",
        "public.edition",
        "certificates_public.check",
        "certificates_public.holder",
        "certificates_public.download",
    }


def test_its_certificate_looks_like_one_that_nobody_has(app, secret):
    visitor = PageClient(app)
    code, holder = secret.certificate.token, secret.certificate.holder_token
    unknown = "0123456789abcdefghjkmnpqrs"

    known, strange = visitor._ask("GET", f"/v/{code}"), visitor._ask("GET", f"/v/{unknown}")

    assert (known.status, known.words) == (strange.status, strange.words) == (404, strange.words)
    for path in ("", "/progress", "/download"):
        asked = visitor._ask("GET", f"/my/certificate/{holder}{path}")
        nobody = visitor._ask("GET", f"/my/certificate/{unknown}{path}")
        assert (asked.status, asked.heading) == (nobody.status, nobody.heading) == (404, "Page not found")


def test_its_file_is_not_known_to_the_public_check(app, secret):
    data = open_storage(app.extensions["dxday_settings"].storage_url).get(secret.certificate.storage_key)

    def check():
        visitor = PageClient(app)
        form = visitor.open("/v")
        token = form.document.xpath("//form[@enctype]//input[@name='csrf_token']/@value")
        sent = {"file": (BytesIO(data), "x.pdf"), "csrf_token": token[0] if token else ""}
        return visitor._ask("POST", "/v", data=sent, content_type="multipart/form-data").text

    before = check()
    secret.announce()

    assert secret.certificate.number not in before
    assert NAME not in before
    assert secret.certificate.number in check()


def test_the_agency_notices_nothing_before_it_is_announced(app, secret):
    officer = PageClient(app).sign_in(secret.people["agency"])
    path = f"/agency/{secret.values['edition_code']}/nominations/{secret.values['nomination']}"

    before = secret.told_by(officer, "agency", "decision", "award", "certificate")
    page = officer.open(path)
    (listed,) = officer.open(path.rpartition("/")[0] + "/").all(f"//tr[contains(., '{NAME}')]")
    refused = officer.fill(f"{path}/withdraw")
    secret.announce()

    assert before == set()
    assert "Before the council" in page.words
    assert "Before the council" in listed
    assert "Awarded" not in page.words + refused.words
    assert "Honoured" not in page.words
    assert refused.errors == [
        "The nomination is in the state “Before the council”; this cannot be done any more."
    ]
    assert "Awarded" in officer.open(path).words
    assert secret.told_by(officer, "agency", "decision") >= {"nominations.show", "honours.index"}


def test_nobody_is_written_to_before_it_is_announced_and_everybody_once_after(app, secret):
    def letters():
        return db.session.scalars(select(Message.to_address).where(Message.kind == "certificate_ready")).all()

    jobs.tell_holders(make.NOW)
    before = letters()
    secret.announce()
    told = [jobs.tell_holders(make.NOW) for _ in range(2)]

    assert before == []
    assert told == [1, 0]
    assert letters() == [secret.certificate.recipient_email]


def test_no_other_system_is_told_before_it_is_announced(app, secret):
    edition = db.session.scalars(select(Edition).where(Edition.code == secret.values["edition_code"])).one()
    hook = make.hook(edition, events=["decision.recorded", "certificate.issued", "certificate.revoked"])
    db.session.commit()

    def told():
        webhooks.gather_events(make.NOW)
        return db.session.scalars(
            select(HookDelivery.event).where(HookDelivery.hook_id == hook.id).order_by(HookDelivery.id)
        ).all()

    hook.read_up_to = 0
    db.session.commit()
    before = told()
    secret.announce()
    jobs.tell_holders(make.NOW)

    assert [event for event in before if event] == []
    assert told() == ["decision.recorded", "certificate.issued"]
