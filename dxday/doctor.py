"""`dxday doctor`: what is wrong with this installation, and the mend for each fault."""

import socket
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

import config
from dxday.adapters import fonts, virus_scan
from dxday.adapters.sealing import name_of
from dxday.core import clock, vietnamese
from dxday.nominations import sealing, seals
from dxday.runs import queries as runs
from dxday.runs import rules, timetable
from dxday.runs.models import WorkerBeat
from dxday.solver import model as solver
from dxday.web.monitoring import readiness


@dataclass(frozen=True)
class Finding:
    """One part, its state, and the mend where something is wrong ("" otherwise)."""

    part: str
    state: str
    mend: str = ""


def examine() -> list[Finding]:
    """Examine configuration, database, fonts, assets, mail, storage, keys, solver, and what happens by itself."""
    settings: config.Settings = current_app.extensions["dxday_settings"]
    ready = readiness()
    return [
        Finding("configuration", "production" if settings.production else "embedded"),
        _ready("database", ready["database"], "Start the database, or correct DATABASE_URL."),
        _ready("migrations", ready["migrations"], "Run: dxday db upgrade"),
        _ready("storage", ready["storage"], "Make the folder of STORAGE_URL writable."),
        _fonts(),
        _assets(Path(current_app.static_folder or "")),
        _mail(settings),
        _scanner(settings),
        _keys(settings),
        _solver(),
        *([_seals(settings)] if ready["migrations"] == "ok" else []),
        *(_work(clock.now()) if ready["migrations"] == "ok" else []),
    ]


def _ready(part: str, state: str, mend: str) -> Finding:
    return Finding(part, state, "" if state == "ok" else mend)


def _fonts() -> Finding:
    try:
        missing = fonts.missing_glyphs(vietnamese.alphabet() + "नमस्ते")
    except fonts.FontMissing as fault:
        return Finding("fonts", str(fault), "Run: make setup")
    if missing:
        return Finding("fonts", f"no font has {' '.join(missing)}", "Run: make setup")
    return Finding(
        "fonts", f"{', '.join(sorted(fonts.families_here()))}: every Vietnamese letter and Devanagari"
    )


def _assets(folder: Path) -> Finding:
    there = (folder / "vendor" / "reboot.css").is_file()
    return Finding("assets", "ok" if there else "not installed", "" if there else "Run: make setup")


def _mail(settings: config.Settings) -> Finding:
    if settings.smtp_url is None:
        return Finding("mail", "the built-in mailbox: nothing leaves this machine")
    parts = urlsplit(settings.smtp_url)
    try:
        usual = 465 if parts.scheme == "smtps" else 587 if parts.username else 25
        with socket.create_connection((parts.hostname or "", parts.port or usual), timeout=5):
            return Finding("mail", f"{parts.hostname} answers")
    except OSError as error:
        return Finding(
            "mail",
            f"{parts.hostname} does not answer ({error})",
            "Start the mail server, or correct SMTP_URL.",
        )


def _scanner(settings: config.Settings) -> Finding:
    if settings.clamav_address is None:
        return Finding("virus scanner", "none: files are checked by their content alone")
    try:
        virus_scan.open_scanner(settings.clamav_address).ping()
    except virus_scan.ScannerUnavailable as error:
        return Finding(
            "virus scanner", str(error), "Start clamd, or correct CLAMAV_ADDRESS: files wait for it."
        )
    return Finding("virus scanner", "clamd answers")


def _keys(settings: config.Settings) -> Finding:
    kept = [path for path in (settings.instance / "secret-key", settings.kept_keys) if path.exists()]
    if not kept:
        return Finding("keys", "SECRET_KEY and SEALING_KEYS are given")
    for path in kept:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            return Finding("keys", f"others can read {path.name}", f"Run: chmod 600 {path}")
    return Finding("keys", "kept in the instance, for the owner alone")


def _seals(settings: config.Settings) -> Finding:
    """Tell whether everything that is sealed could be opened with the keys at hand."""
    given = {name_of(key) for key in settings.sealing_keys}
    counts = seals.count_seals()
    if missing := sorted(counts.keys() - given):
        return Finding(
            "seals",
            f"{sum(counts[name] for name in missing)} dossiers and lists are sealed with a key that is not given: "
            + ", ".join(missing),
            "Give that key as well, after the newest, in SEALING_KEYS or in the file sealing-keys; restart.",
        )
    if damaged := sealing.list_damaged():
        return Finding(
            "seals",
            f"the seals of {len(damaged)} are damaged: {', '.join(damaged[:10])}",
            "Take their rows from a backup.",
        )
    if open_ := seals.list_unsettled(after=0, limit=1000):
        return Finding(
            "seals", f"{len(open_)} dossiers hold something sensitive unsealed", "Run: dxday keys rotate"
        )
    return Finding("seals", f"{sum(counts.values())} dossiers and lists are sealed, each can be opened")


def _solver() -> Finding:
    if solver.is_installed():
        return Finding("solver", "ok")
    return Finding("solver", "not installed: timetables cannot be solved here", "Run: make solver")


def _work(now: datetime) -> list[Finding]:
    known = runs.list_workers()
    return [_workers(known, now), _jobs(now), _messages(now, is_fault=bool(known))]


def _workers(known: list[WorkerBeat], now: datetime) -> Finding:
    alive = [each for each in known if rules.is_heard_of(each.beat_at, each.stopped_at, now)]
    elected = runs.find_clock(known, now)
    if elected is not None:
        others = f", {len(alive) - 1} stand by" if len(alive) > 1 else ""
        return Finding("workers", f"{elected.worker} is the clock{others}")
    if alive:
        return Finding("workers", f"{len(alive)} alive, none is the clock", "Look again in a few seconds.")
    silent = [each for each in known if each.stopped_at is None]
    if silent:
        minutes = max(1, round((now - max(each.beat_at for each in silent)).total_seconds() / 60))
        return Finding("workers", f"none was heard of for {minutes} min", "Start one: dxday worker")
    return Finding("workers", "none runs" if known else "none has run yet")


def _jobs(now: datetime) -> Finding:
    lines = runs.list_lines(now)
    failing = [line for line in lines if line.run and line.run.outcome is rules.Outcome.FAILED]
    paused = ", ".join(line.job.name for line in lines if line.paused_at)
    also = f"; paused: {paused}" if paused else ""
    if failing:
        said = ", ".join(f"{line.job.name} ({line.run.error})" for line in failing if line.run)
        return Finding(
            "jobs", f"failing: {said}{also}", "Mend the reason; try one at once with: dxday jobs run NAME"
        )
    return Finding("jobs", f"none is failing{also}")


def _messages(now: datetime, *, is_fault: bool) -> Finding:
    """Tell how long messages wait; where no worker has run yet they cannot but wait."""
    load = next(load for load in timetable.loads() if load.name == "messages")
    waiting = runs.count_waiting(load, now)
    if is_fault and waiting.age(now) > rules.LATE_AFTER.total_seconds():
        return Finding(
            "messages",
            f"{waiting.due} wait, the oldest for {round(waiting.age(now) / 60)} min",
            "See that a worker runs (dxday worker) and that hand-out-messages is not paused (dxday jobs list).",
        )
    return Finding("messages", f"{waiting.due} wait")
