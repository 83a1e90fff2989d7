"""House rules that no linter knows."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "dxday").rglob("*.py"))


def calls(path: Path) -> list[str]:
    """Return every call of the file as `name.method`."""
    tree = ast.parse(path.read_text())
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_only_the_edge_commits():
    committing = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if any(call.endswith("session.commit") for call in calls(path))
    }

    assert committing == {"dxday/db.py"}


def test_only_the_clock_reads_the_time():
    reading = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if any(call in ("datetime.now", "datetime.utcnow", "date.today", "time.time") for call in calls(path))
    }

    assert reading == {"dxday/core/clock.py"}


def test_the_environment_is_read_in_one_place():
    reading = {
        str(path.relative_to(ROOT))
        for path in [*SOURCES, ROOT / "config.py", ROOT / "wsgi.py"]
        if "os.environ" in path.read_text() or "os.getenv" in path.read_text()
    }

    assert reading == {"config.py"}


def test_there_is_no_drawer_for_everything():
    assert [path for path in SOURCES if path.stem in ("util", "utils", "helpers", "common", "misc")] == []


def test_no_file_has_grown_past_reading():
    assert [path.name for path in SOURCES if len(path.read_text().splitlines()) > 600] == []


def test_promised_addresses_are_there(shared_app):
    promised = """
        / /<edition_code>/ /<edition_code>/schedule /<edition_code>/schedule.ics /<edition_code>/sites/<site_code>
        /<edition_code>/sites/<site_code>.ics /<edition_code>/register /<edition_code>/honours /v/<token> /v
        /healthz /readyz /metrics /sign-in
    """.split()

    assert [
        path for path in promised if path not in {str(rule) for rule in shared_app.url_map.iter_rules()}
    ] == []
