"""What set-up brings is locked, complete, and says nothing about where it came from."""

import importlib.util
import json
import re
import socket
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


spec = importlib.util.spec_from_file_location("setup", ROOT / "scripts" / "setup.py")
setup = importlib.util.module_from_spec(spec)
spec.loader.exec_module(setup)


def pins(name: str) -> dict[str, str]:
    """Return package → version of one lock."""
    return dict(PIN.findall((ROOT / "requirements" / f"{name}.txt").read_text()))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_place_and_hashes_every_package(lock):
    text = lock.read_text()
    _, *parts = PIN.split(text)  # name, version, the rest, and so on

    assert re.findall(r"\S+://\S+|--(?:extra-)?index-url|--find-links", text) == []
    assert [
        name for name, rest in zip(parts[::3], parts[2::3], strict=True) if "--hash=sha256:" not in rest
    ] == []


def test_the_lock_of_npm_names_no_place_and_hashes_every_package():
    lock = json.loads((ROOT / "package-lock.json").read_text())
    installed = {name: entry for name, entry in lock["packages"].items() if name}

    assert [name for name, entry in installed.items() if "resolved" in entry] == []
    assert [name for name, entry in installed.items() if "integrity" not in entry] == []


@pytest.mark.parametrize("other", ["test", "solver"])
def test_every_lock_agrees_with_the_application_on_every_version(other):
    run, more = pins("run"), pins(other)
    shared = run.keys() & more.keys()

    assert {name: more[name] for name in shared} == {name: run[name] for name in shared}


def test_every_package_asked_for_is_locked():
    for source in (ROOT / "requirements").glob("*.in"):
        asked = re.findall(r"^([a-z][a-z0-9-]*)", source.read_text(), re.MULTILINE)
        assert [name for name in asked if name not in pins(source.stem)] == []


def test_style_sheets_name_only_files_that_are_there():
    missing = {
        f"{sheet.relative_to(ROOT)}: {url}"
        for sheet in (ROOT / "static" / "css").glob("*.css")
        for url in re.findall(r"url\(\s*[\"']?([^\"')]+)", sheet.read_text("utf-8"))
        if not url.startswith("#") and not (sheet.parent / url.split("?")[0]).is_file()
    }

    assert missing == set()


def test_templates_name_only_assets_and_icons_that_are_there():
    static = ROOT / "static"
    missing = set()
    for template in (ROOT / "templates").rglob("*.html"):
        text = template.read_text("utf-8")
        files = re.findall(r"\basset\(\s*[\"']([^\"']+)[\"']", text)
        files += [f"vendor/icons/{name}.svg" for name in re.findall(r"\bicon\(\s*[\"']([^\"']+)[\"']", text)]
        missing |= {
            f"{template.relative_to(ROOT)}: {name}" for name in files if not (static / name).is_file()
        }

    assert missing == set()


def test_the_fonts_are_there_and_every_package_with_its_licence():
    licences = {path.stem for path in (setup.VENDOR / "licences").iterdir()}

    assert {path.name for path in (setup.VENDOR / "fonts").iterdir()} == set(setup.font_files())
    assert licences == {"bootstrap", "bootstrap-icons", *setup.FONT_SUBSETS}


def test_a_step_is_done_until_what_it_was_made_from_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "STAMPS", tmp_path / "stamps")
    lock, product = tmp_path / "lock", tmp_path / "product"
    lock.write_text("one")
    step = setup.Step("step", (lock,), (product,))

    product.touch()
    before = step.is_done()
    step.remember()
    after = step.is_done()
    lock.write_text("two")
    changed = step.is_done()
    lock.write_text("one")
    product.unlink()
    lost = step.is_done()

    assert (before, after, changed, lost) == (False, True, False, False)


def test_the_solver_waits_for_the_first_page(monkeypatch):
    slept = []
    with socket.socket() as page:
        page.bind(("127.0.0.1", 0))
        port = page.getsockname()[1]

        def sleep(seconds):
            slept.append(seconds)
            if len(slept) == 3:
                page.listen()

        monkeypatch.setattr(setup.time, "sleep", sleep)
        setup.wait_for_page(port)

    assert slept == [0.5, 0.5, 0.5]


def test_without_root_the_exact_command_is_named(monkeypatch):
    monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(setup.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    needs = [setup.Need("libpangoft2-1.0-0", "sets text", bool), setup.Need("qpdf", "checks PDFs", bool)]

    with pytest.raises(setup.SetupError) as refusal:
        setup.refuse_without_root(needs)

    command = next(line.strip() for line in str(refusal.value).splitlines() if "apt-get" in line)
    assert command == (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends libpangoft2-1.0-0 qpdf"
    )


def test_every_target_of_make_is_described():
    names = re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert [line.split()[1] for line in shown.stdout.splitlines()] == names
