"""Loading a demo edition once; a second load changes nothing."""

from collections.abc import Callable
from datetime import datetime

import config
from dxday import db
from dxday.adapters.storage import open_storage
from dxday.demo import coming, nghe_an_2023, people
from dxday.editions import queries
from dxday.editions.models import Edition
from dxday.sites import queries as sites

NAMES: dict[str, Callable[..., Edition]] = {nghe_an_2023.CODE: nghe_an_2023.load, coming.CODE: coming.load}


def load(name: str, *, settings: config.Settings, now: datetime) -> bool:
    """Load the demo edition `name` with the demo's sign-ins; False when it is there already.  Raises KeyError."""
    builder = NAMES[name]
    if queries.find_edition(name) is not None:
        return False
    passwords = settings.instance / "demo-passwords.json"
    with db.transaction():
        people.add_sign_ins(passwords=passwords, now=now)
        edition = builder(storage=open_storage(settings.storage_url), now=now)
        if name == coming.CODE:
            site = sites.get_site(edition.id, coming.COORDINATED)
            people.add_coordinator(site, passwords=passwords, now=now)
            people.add_members(passwords=passwords, now=now)
    return True


def list_sign_ins(settings: config.Settings) -> list[tuple[str, str, str]]:
    """Return (role, address, password) of the demo's accounts; empty where no demo was loaded."""
    known = people.read_passwords(settings.instance / "demo-passwords.json")
    everybody = (*people.SIGN_INS, people.COORDINATOR, *people.MEMBERS)
    return [(role.value, email, known[email]) for role, email, _ in everybody if email in known]
