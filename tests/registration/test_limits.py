"""How often one address may send the forms that take places and write letters."""

from dxday.db import db
from dxday.web.limits import limiter
from tests import make


def test_a_flood_of_registrations_from_one_address_is_stopped(client, monkeypatch):
    monkeypatch.setattr(limiter, "enabled", True)
    limiter.reset()
    edition = make.edition()
    db.session.commit()

    statuses = [client.post(f"/{edition.code}/register/check").status for _ in range(31)]
    limiter.reset()

    assert (statuses[:30], statuses[30]) == ([302] * 30, 429)
