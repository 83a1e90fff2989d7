"""An agency with its officer, a category, and files."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from dxday.accounts import queries as accounts
from dxday.accounts.models import Account, Organisation
from dxday.adapters.storage import FolderStorage
from dxday.core.actor import Actor
from dxday.core.permissions import Role
from dxday.editions.models import Edition
from dxday.nominations import rules, services
from dxday.nominations.models import Attachment, Nomination
from dxday.schemes.models import Category
from tests import make


def acting(account: Account) -> Actor:
    """The actor that an account is."""
    return accounts.actor_of(accounts.find_account(account.id))


@dataclass
class Desk:
    """Where an agency nominates."""

    edition: Edition
    agency: Organisation
    category: Category
    account: Account
    storage: FolderStorage

    @property
    def officer(self) -> Actor:
        return acting(self.account)

    @property
    def path(self) -> str:
        return f"/agency/{self.edition.code}/nominations/"

    def draft(self, **given) -> Nomination:
        """A complete draft of the agency, still without a file."""
        return make.nomination(
            self.category, self.agency, state=rules.State.DRAFT, created_by=self.account, **given
        )

    def attach(self, nomination: Nomination, data: bytes = b"What was done.", **given) -> Attachment:
        upload = services.check_file(given.pop("filename", "bao-cao.txt"), data)
        given = {"actor": self.officer, "now": make.NOW, "storage": self.storage} | given
        return services.attach_file(nomination, upload, data, **given)

    def complete(self, **given) -> Nomination:
        """A draft that can be submitted."""
        nomination = self.draft(**given)
        self.attach(nomination)
        return nomination


def pdf(text: str = "1") -> bytes:
    """A PDF of one page; another text makes another file."""
    document = pikepdf.new()
    document.add_blank_page()
    document.docinfo["/Title"] = text
    out = BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.fixture
def desk(app, tmp_path: Path) -> Desk:
    """An agency in an edition whose nominations are open, and its officer."""
    edition = make.edition()
    agency = make.organisation()
    account = make.account(Role.AGENCY, edition_id=edition.id, organisation_id=agency.id)
    category = make.category(make.scheme(edition))
    return Desk(edition, agency, category, account, FolderStorage(tmp_path / "files"))
