"""Workers are killed and the mail server misbehaves: nothing is lost, and nothing is sent twice.

`python -m tests.chaos` does the same with 5,000 messages and prints the counts.
"""

from dataclasses import replace

import pytest

from tests import chaos

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]


def test_whoever_dies_each_message_is_there_once_or_unknown_with_a_reason(capsys):
    plan = chaos.Plan(messages=1_000)

    found = chaos.run(plan)

    with capsys.disabled():
        print(f"\n{found}")  # noqa: T201 (the counts are what one wants to read)
    bad = {name: getattr(found, name) for name in ("waiting", "lost", "doubled", "unexplained")}
    assert bad == dict.fromkeys(bad, 0)
    assert found.sent + found.unknown + found.refused == plan.messages
    assert found.kills > 0
    assert found.unknown > 0


@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_claim_the_same_workers_send_doubles(guarded):
    plan = chaos.Plan(messages=150, kill_every=None, whims=False, delay=0.02, patience=60)

    found = chaos.run(replace(plan, guarded=guarded))

    assert (found.doubled == 0) is guarded
    assert found.lost == 0
