"""The real thing for the browser: `dxday serve --prepare` as a process, and people who look at it with Chromium."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import BrowserContext, Page, expect

import config
from bench.start import free_port
from tests import databases

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60
"""Seconds until something that should happen has not happened; other work may keep the machine busy."""

expect.set_options(timeout=PATIENCE * 1000)

Visit = Callable[..., Page]


class Site:
    """A running DXDay: where it answers, and the means of the one who operates it."""

    def __init__(self, folder: Path, *, database: str = "sqlite", **environ: str) -> None:
        """Choose a port and the settings; nothing runs yet."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.instance = folder / "instance"
        self.log = folder / "serve.log"
        others = {name: value for name, value in os.environ.items() if name not in config.KNOWN}
        self.environ = {**others, "DXDAY_INSTANCE": str(self.instance), "DEFAULT_LOCALE": "en", **environ}
        if database == "postgresql":
            try:
                self.environ["DATABASE_URL"] = databases.postgresql().new_database()
            except databases.NoPostgreSQL as reason:
                pytest.skip(str(reason))

    @contextmanager
    def running(self) -> Iterator["Site"]:
        """Serve until the block ends; fail when what was served has noted a fault of its own."""
        command = [sys.executable, "-m", "dxday.cli", "serve", "--prepare", "--port", str(self.port)]
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers(process)
            yield self
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            finally:
                with suppress(ProcessLookupError):  # as it should be: web and worker have ended with it
                    os.killpg(process.pid, signal.SIGKILL)
        words = self.log.read_text()
        assert "Traceback" not in words, words
        assert "[error" not in words, words

    def password(self, email: str) -> str:
        """The password of a person of the demo."""
        return json.loads((self.instance / "demo-passwords.json").read_text())[email]

    def dxday(self, *words: str) -> str:
        """Run a command as the operator does, and return what it prints.  Raises AssertionError when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "dxday.cli", *words],
            cwd=ROOT, env=self.environ | {"BASE_URL": self.url}, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout.strip()

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < end and process.poll() is None:
            try:
                with urlopen(self.url, timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        raise AssertionError(f"it does not answer: {self.log.read_text()}")


@pytest.fixture(scope="session")
def base_url() -> None:
    """Stand in for the fixture of pytest-playwright, which warns; each site has its own address."""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Run the system's Chromium, and keep it from calling home."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    return {
        "executable_path": chromium,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture
def visit(new_context) -> Iterator[Visit]:
    """Let somebody open a page of a site in a browser of their own; what the browser complains about fails."""
    complaints: list[str] = []

    def open_page(site: Site, path: str = "/", **options: object) -> Page:
        context = new_context(base_url=site.url, locale="en-GB", reduced_motion="reduce", **options)
        listen(context, complaints)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    assert complaints == [], complaints


def answer_questions(page: Page, category: str, *answers: str) -> None:
    """Choose the category on the page that asks for which award, and answer its questions, one page each."""
    expect(page.get_by_role("heading", level=1)).to_have_text("For which award?")
    page.get_by_role("link", name=category, exact=True).first.click()
    for answer in answers:
        page.get_by_label(answer, exact=True).check()
        page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nominate somebody")


def listen(context: BrowserContext, complaints: list[str]) -> None:
    """Write down what the browser complains about: scripts, policies, things that do not load."""
    context.set_default_timeout(PATIENCE * 1000)
    context.on(
        "console",
        lambda said: (
            complaints.append(f"{said.location['url']}: {said.text}")
            if said.type in ("error", "warning")
            else None
        ),
    )
    context.on("weberror", lambda error: complaints.append(str(error.error)))


def sign_in(page: Page, site: Site, email: str) -> None:
    """Sign in from the page at hand, in English."""
    page.get_by_role("link", name="English").click()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(site.password(email))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your work")
