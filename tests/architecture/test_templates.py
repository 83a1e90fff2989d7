"""Templates compile, name only endpoints, icons and files that exist, and have no style or script of their own."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
PAGES = sorted(
    str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*") if path.suffix in (".html", ".txt")
)


@pytest.mark.parametrize("name", PAGES)
def test_a_template_compiles(shared_app, name):
    shared_app.jinja_env.get_template(name)


def found(pattern: str, *, besides: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [
        (name, match)
        for name in PAGES
        if not name.startswith(besides)
        for match in re.findall(pattern, (TEMPLATES / name).read_text())
    ]


def test_templates_name_only_endpoints_that_exist(shared_app):
    named = found(r"url_for\('([a-z_]+\.[a-z_]+)'")

    assert len(named) > 50
    assert [each for each in named if each[1] not in shared_app.view_functions] == []


def test_templates_name_only_icons_and_files_that_exist(shared_app):
    static = Path(shared_app.static_folder)
    icons = found(r"icon(?:_name=|\()'([a-z0-9-]+)'")
    files = found(r"asset\('([^']+)'\)")

    assert len(icons) > 5
    assert [each for each in icons if not (static / "vendor" / "icons" / f"{each[1]}.svg").is_file()] == []
    assert [each for each in files if not (static / each[1]).is_file()] == []


def test_pages_have_no_style_or_script_of_their_own():
    inline = found(
        r"(<style|\sstyle=|<script(?![^>]*\ssrc=| type=\"application/ld\+json\")|\son[a-z]+=\")",
        besides=("emails/", "pdf/"),
    )

    assert inline == []


def test_nothing_is_marked_safe_by_a_page():
    assert found(r"\|\s*safe\b", besides=("pdf/",)) == []
