"""`python -m tests.chaos [MESSAGES]`: workers are killed while the mail server misbehaves; what became of each message.

On a PostgreSQL of its own: messages wait, four `dxday worker` processes send them, one is killed by SIGKILL every
second and replaced, and the server refuses, delays, and drops lines, by a seed.  Afterwards every message is at the
server, or was refused for good, or stands as unknown with its reason; none is there twice.  With `--unguarded` the
workers read what is due and send it without claiming it, and doubles are seen.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import insert, select, update

from dxday import leases
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.db import db, transaction
from dxday.notifications.jobs import sending
from dxday.notifications.models import Message
from tests.conftest import close, new_app
from tests.post_office import HANG_UP, KEEP_AND_HANG_UP, PostOffice, open_post_office

ROOT = Path(__file__).resolve().parent.parent
LEASE = timedelta(seconds=3)
"""Short, so that what a killed worker held becomes unknown while we watch."""


@dataclass(frozen=True)
class Plan:
    """What happens."""

    messages: int = 1_000
    workers: int = 4
    kill_every: float | None = 1.0
    guarded: bool = True
    seed: int = 20_261_122
    whims: bool = True
    delay: float = 0.0
    """Seconds that the server takes over each message."""
    patience: float = 240.0
    """Seconds after which we stop waiting."""


@dataclass(frozen=True)
class Found:
    """What became of the messages, in numbers, and whatever should not have been."""

    seconds: float
    kills: int
    sent: int
    """Done, and at the server exactly once."""
    unknown: int
    """Not known, with a reason."""
    unknown_there: int
    """Of these, so many are at the server."""
    refused: int
    """Refused for good, and not at the server."""
    waiting: int
    """Not yet settled when we stopped waiting."""
    lost: int
    """Done, and not at the server."""
    doubled: int
    """At the server more than once."""
    unexplained: int
    """Unknown or failed without a reason, or refused and at the server all the same."""

    def __str__(self) -> str:
        """One line for each number."""
        return "\n".join(f"{name.replace('_', ' '):>14}  {value}" for name, value in asdict(self).items())


class Whims:
    """How a bad day at the post office goes, the same for the same seed as long as the calls come in one order."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def __call__(self, step: str) -> str:
        dice = self.random.random()
        if step == "RCPT":
            return (
                "451 come back"
                if dice < 0.02
                else "550 nobody"
                if dice < 0.03
                else HANG_UP
                if dice < 0.04
                else ""
            )
        if dice < 0.01:
            return HANG_UP
        if dice < 0.02:
            return KEEP_AND_HANG_UP
        return "452 full" if dice < 0.03 else "554 unwanted" if dice < 0.035 else ""


def run(plan: Plan) -> Found:
    """Let it happen, and count.  Raises NoPostgreSQL's skip where there is none."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dxday-chaos-")))
        office = stack.enter_context(open_post_office())
        office.delay = plan.delay
        if plan.whims:
            office.whim = Whims(plan.seed)
        app = new_app("postgresql", folder, SMTP_URL=office.url)
        stack.callback(close, app)
        _write(app, plan.messages)
        begun = time.monotonic()
        with _workers(app, office, folder, plan) as crew:
            while _is_open(app) and time.monotonic() - begun < plan.patience:
                time.sleep(0.25)
                crew.kill_when_it_is_time()
                with app.app_context():
                    sending.release_messages(clock.now())
                    with transaction():  # the hours pass in which a server is left alone that asked for it
                        db.session.execute(
                            update(Message).where(Message.due_at.is_not(None)).values(due_at=None)
                        )
        seconds = time.monotonic() - begun
        return _count(app, office, seconds, crew.kills)


class _Crew:
    """The workers; one of them is killed now and then, and replaced."""

    def __init__(self, environ: dict[str, str], folder: Path, plan: Plan) -> None:
        self.environ, self.folder, self.plan = environ, folder, plan
        self.random = random.Random(plan.seed)
        self.kills = 0
        self.processes: list[subprocess.Popen[bytes]] = []
        for _ in range(plan.workers):
            self.start()
        self.last_kill = time.monotonic() + 2  # the first ones may come up

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.chaos", "--worker"]
        if not self.plan.guarded:
            command.append("--unguarded")
        with (self.folder / "workers.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)
            )

    def kill_when_it_is_time(self) -> None:
        every = self.plan.kill_every
        if every is None or time.monotonic() - self.last_kill < every:
            return
        victim = self.processes.pop(self.random.randrange(len(self.processes)))
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.kills += 1
        self.last_kill = time.monotonic()
        self.start()

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@contextmanager
def _workers(app: Flask, office: PostOffice, folder: Path, plan: Plan) -> Iterator[_Crew]:
    settings = app.extensions["dxday_settings"]
    environ = {
        "PATH": os.environ["PATH"],
        "DXDAY_INSTANCE": str(settings.instance),
        "DATABASE_URL": settings.database_url,
        "QUEUE_URL": settings.database_url,
        "SMTP_URL": office.url,
    }
    crew = _Crew(environ, folder, plan)
    try:
        yield crew
    finally:
        crew.end()


def _write(app: Flask, count: int) -> None:
    now = clock.now()
    with app.app_context(), transaction():
        db.session.execute(
            insert(Message),
            [
                {
                    "key": f"chaos:{number}",
                    "kind": "sign_in_link",
                    "message_id": f"<chaos.{number}@dxday.example>",
                    "to_name": f"Người Mẫu {number}",
                    "to_address": f"mau{number}@example.org",
                    "locale": "vi",
                    "subject": f"Thư số {number}",
                    "text": "Đây là thư mẫu.\n",
                    "html": "<p>Đây là thư mẫu.</p>",
                    "carriage": Carriage.QUEUED,
                    "created_at": now,
                }
                for number in range(count)
            ],
        )


def _is_open(app: Flask) -> bool:
    with app.app_context():
        waiting = select(Message.id).where(Message.carriage.in_((Carriage.QUEUED, Carriage.CLAIMED))).limit(1)
        is_open = db.session.scalars(waiting).first() is not None
        db.session.remove()
        return is_open


def _count(app: Flask, office: PostOffice, seconds: float, kills: int) -> Found:
    with app.app_context():
        rows = db.session.execute(select(Message.message_id, Message.carriage, Message.error)).all()
        db.session.remove()
    there = Counter(office.taken)
    by_state: dict[Carriage, list[tuple[str, str | None]]] = {}
    for message_id, state, error in rows:
        by_state.setdefault(state, []).append((message_id, error))
    done, unknown = by_state.get(Carriage.DONE, []), by_state.get(Carriage.UNKNOWN, [])
    failed = by_state.get(Carriage.FAILED, [])
    return Found(
        seconds=round(seconds, 1),
        kills=kills,
        sent=sum(there[message_id] == 1 for message_id, _ in done),
        unknown=len(unknown),
        unknown_there=sum(there[message_id] > 0 for message_id, _ in unknown),
        refused=len(failed),
        waiting=sum(len(by_state.get(state, [])) for state in (Carriage.QUEUED, Carriage.CLAIMED)),
        lost=sum(there[message_id] == 0 for message_id, _ in done),
        doubled=sum(count > 1 for count in there.values()),
        unexplained=sum(not error for _, error in unknown + failed)
        + sum(there[message_id] > 0 for message_id, _ in failed),
    )


def claim_without_guard(model, columns):
    """Return what `leases` claims by, without its WHERE: everybody has seen that the row waits, everybody takes it."""
    return (
        update(model)
        .where(model.id.in_(leases._IDS))
        .values(carriage=Carriage.CLAIMED, leased_until=leases._UNTIL, tries=model.tries + 1)
        .returning(model.id, *(getattr(model, name) for name in columns))
    )


def _work(*, guarded: bool) -> None:
    from dxday.cli import cli

    leases.LEASE = LEASE
    if not guarded:
        leases._claim = claim_without_guard  # type: ignore[assignment]  # the negative control: a worker without its guard
        leases.take_up = leases.list_due  # and nobody keeps out of another's way
    cli(["worker"], prog_name="dxday")


def main() -> None:
    """Run it and print what was found; end with 1 when something was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("messages", nargs="?", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--unguarded", action="store_true", help="switch the claim off")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        _work(guarded=not given.unguarded)
        return
    found = run(Plan(messages=given.messages, seed=given.seed, guarded=not given.unguarded, patience=1200))
    print(found)  # noqa: T201 (a command: it prints)
    sys.exit(bool(found.lost or found.doubled or found.waiting or found.unexplained))


if __name__ == "__main__":
    main()
