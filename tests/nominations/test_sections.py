"""Sections of a dossier: what each holds, how far it is, what it lacks, which answers fit."""

from types import SimpleNamespace

import pytest

from dxday.core.errors import NotFound
from dxday.nominations import rules, sections
from dxday.nominations.sections import Progress
from dxday.schemes.rules import ItemKind

PLAIN = sections.lay_out([])
WHOLE = {
    "nominee_name": "Nguyễn Văn Mẫu",
    "nominee_email": "awardee@example.org",
    "achievement": "Đã làm được nhiều việc.",
    "contact_name": "Lê Thị Ví Dụ",
    "contact_email": "agency@example.org",
}
ONE_FILE = {"attachment": 1}


def item(code, kind=ItemKind.TEXT, *, section="papers", **given):
    plain = {
        "section": section,
        "code": code,
        "kind": kind,
        "name": {"en": code.capitalize()},
        "help": None,
        "required": True,
        "most": None,
        "sensitive": False,
        "article": "Art. 1",
    }
    return SimpleNamespace(**(plain | given))


def gaps(layout, values, files):
    return [gap for state in sections.judge(layout, values, files) for gap in state.gaps]


def test_a_scheme_without_items_asks_for_a_text_and_a_file():
    assert [(section.code, [field.code for field in section.fields]) for section in PLAIN] == [
        ("nominee", ["nominee_name", "nominee_position", "nominee_email", "contact_name", "contact_email"]),
        ("achievement", ["achievement"]),
        ("files", ["attachment"]),
    ]


def test_items_make_the_sections_in_their_order():
    layout = sections.lay_out(
        [
            item("a", section="one"),
            item("b", section="two"),
            item("c", section="one"),
            item("d", section="nominee"),
        ]
    )

    assert [(section.code, [field.code for field in section.fields][-2:]) for section in layout] == [
        ("nominee", ["contact_email", "d"]),
        ("one", ["a", "c"]),
        ("two", ["b"]),
    ]


def test_a_whole_dossier_lacks_nothing():
    assert gaps(PLAIN, WHOLE, ONE_FILE) == []


@pytest.mark.parametrize(
    ("lack", "files", "refusal"),
    [
        ({"nominee_email": " "}, 1, rules.NomineeAddressMissing),
        ({"achievement": "\n"}, 1, rules.AchievementMissing),
        ({"achievement": "từ " * 1001}, 1, rules.AchievementTooLong),
        ({"contact_name": ""}, 1, rules.ContactMissing),
        ({"contact_email": ""}, 1, rules.ContactMissing),
        ({}, 0, rules.EvidenceMissing),
    ],
)
def test_what_a_dossier_lacks_is_found(lack, files, refusal):
    assert [type(gap) for gap in gaps(PLAIN, WHOLE | lack, {"attachment": files})] == [refusal]


def test_exactly_a_thousand_words_may_be_submitted():
    assert gaps(PLAIN, WHOLE | {"achievement": "từ " * 1000}, ONE_FILE) == []


def test_an_empty_dossier_is_told_everything_at_once_by_section():
    assert [gap.field for gap in gaps(PLAIN, {"nominee_name": "A"}, {})] == [
        "nominee_email",
        "contact_name",
        "achievement",
        "attachment",
    ]


def test_what_the_scheme_asks_for_is_missed_with_its_article():
    layout = sections.lay_out(
        [item("reason"), item("minutes", ItemKind.FILE), item("since", ItemKind.DATE, required=False)]
    )

    found = gaps(layout, WHOLE, {})

    assert [(type(gap), gap.field, str(gap.facts["article"])) for gap in found] == [
        (sections.ItemMissing, "reason", "Art. 1"),
        (sections.ItemMissing, "minutes", "Art. 1"),
    ]
    assert gaps(layout, WHOLE | {"reason": "Because."}, {"minutes": 1}) == []


def test_a_text_has_the_limit_of_its_item():
    layout = sections.lay_out([item("reason", most=3)])

    assert gaps(layout, WHOLE | {"reason": "one two three"}, {}) == []
    assert [
        (type(gap), gap.facts["words"]) for gap in gaps(layout, WHOLE | {"reason": "one two three four"}, {})
    ] == [(sections.ItemTooLong, 4)]


def test_a_section_is_not_started_in_progress_or_complete():
    layout = sections.lay_out([item("a", section="one"), item("b", section="one"), item("c", section="two")])

    def progress(**values):
        return [state.progress for state in sections.judge(layout, WHOLE | values, {})][1:]

    assert progress() == [Progress.NOT_STARTED, Progress.NOT_STARTED]
    assert progress(a="x") == [Progress.IN_PROGRESS, Progress.NOT_STARTED]
    assert progress(a="x", b="y", c="z") == [Progress.DONE, Progress.DONE]


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        (ItemKind.TEXT, " Một\r\nhai ", "Một\nhai"),
        (ItemKind.NUMBER, "12.5", "12.5"),
        (ItemKind.DATE, "2026-10-10", "2026-10-10"),
        (ItemKind.YES_NO, "yes", "yes"),
        (ItemKind.DATE, " ", ""),
    ],
)
def test_answers_are_kept_in_one_form(kind, written, kept):
    asked = sections.lay_out([item("x", kind)])[1].get("x")

    assert sections.read_value(asked, written) == kept


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (ItemKind.TEXT, "x" * 20_001),
        (ItemKind.NUMBER, "many"),
        (ItemKind.NUMBER, "NaN"),
        (ItemKind.NUMBER, "1" * 31),
        (ItemKind.DATE, "10/10/2026"),
        (ItemKind.YES_NO, "maybe"),
    ],
)
def test_answers_of_another_kind_are_refused(kind, written):
    asked = sections.lay_out([item("x", kind)])[1].get("x")

    with pytest.raises(sections.AnswerNotPossible):
        sections.read_value(asked, written)


def test_the_nominee_keeps_a_name():
    with pytest.raises(rules.NomineeNameMissing):
        sections.read_value(PLAIN[0].get("nominee_name"), "  ")


def test_a_file_is_no_field_to_write_in():
    with pytest.raises(NotFound):
        PLAIN[2].get("attachment")
    with pytest.raises(NotFound):
        sections.find_section(PLAIN, "elsewhere")
