"""One-time links: used once, however many press at once, and not after the password was changed."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dxday.accounts import rules, services
from dxday.core.errors import Refusal
from dxday.core.permissions import Role
from dxday.db import db, transaction
from tests import make
from tests.conftest import on_both

AT_ONCE = 8


@on_both
def test_of_many_who_use_a_link_at_the_same_moment_one_gets_in(own_app):
    with own_app.app_context(), transaction():
        account = make.account(Role.ADMIN)
        token = services.make_one_time_link(account, actor=make.actor(), now=make.NOW)
    start = threading.Barrier(AT_ONCE)

    def use(_number):
        with own_app.app_context():
            db.session.execute(db.select(1))
            start.wait(timeout=10)
            try:
                with transaction():
                    services.use_one_time_link(token, now=make.NOW)
            except Refusal as refusal:
                return type(refusal)
            return "in"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        got = list(threads.map(use, range(AT_ONCE)))

    assert (got.count("in"), got.count(rules.LinkNotValid)) == (1, AT_ONCE - 1)


def test_a_new_password_ends_the_links_that_were_not_used(app):
    account = make.account(Role.ADMIN)
    token = services.make_one_time_link(account, actor=make.actor(), now=make.NOW)
    db.session.commit()

    services.set_password(account, "mười hai chữ số", actor=make.actor(), now=make.NOW)

    with pytest.raises(rules.LinkNotValid):
        services.use_one_time_link(token, now=make.NOW)
