"""The rule packs that are shipped, and files that are none."""

from datetime import date

import pytest

from dxday.core.errors import NotFound
from dxday.schemes import packs
from dxday.schemes.rules import AwardForm, NomineeKind, TieBreak

WHOLE = """
code = "sample"
version = 2
legal_basis = "Luật mẫu"
since = "2024-01-01"
name = { vi = "Mẫu", en = "Sample", hi = "नमूना" }

[[laws]]
cited = "Luật mẫu"
source = "example.org"

[[settings]]
name = "threshold"
value = 90
article = "Điều 1"
source = "example.org"

[[settings]]
name = "comment_days"
value = 0

[[settings]]
name = "thematic"
value = true
forms = ["thematic"]

[[items]]
section = "papers"
code = "minutes"
kind = "file"
required = true
article = "Điều 2"
name = { vi = "Biên bản", en = "Minutes", hi = "कार्यवृत्त" }
nominees = ["individual"]

[[questions]]
code = "held"
wanted = false
article = "Điều 3"
question = { vi = "?", en = "?", hi = "?" }
refusal = { vi = "!", en = "!", hi = "!" }

[[criteria]]
code = "results"
weight = 40
most = 10
name = { vi = "Kết quả", en = "Results", hi = "परिणाम" }
"""


def read(text: str, form: AwardForm = AwardForm.BANG_KHEN) -> packs.Pack:
    return packs.read_pack(text, form, name="sample.toml")


def test_every_shipped_pack_can_be_read_for_every_form_of_award():
    for form in AwardForm:
        codes = [pack.code for pack in packs.list_packs(form)]

        assert codes == ["law-2003", "law-2022", "law-2022-2025"]


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2023-10-05", "law-2003"),
        ("2023-12-31", "law-2003"),
        ("2024-01-01", "law-2022"),
        ("2025-06-30", "law-2022"),
        ("2025-07-01", "law-2022-2025"),
        ("2026-10-10", "law-2022-2025"),
    ],
)
def test_one_pack_is_in_force_on_each_day(day, code):
    found = [
        pack.code
        for pack in packs.list_packs(AwardForm.BANG_KHEN)
        if pack.is_in_force(date.fromisoformat(day))
    ]

    assert found == [code]


def test_ninety_percent_in_secret_are_confirmed_for_2023_alone():
    confirmed = {
        pack.code: {each.name: each.value for each in pack.settings if each.source is not None}
        for pack in packs.list_packs(AwardForm.BANG_KHEN)
    }

    assert confirmed == {
        "law-2003": {"threshold": 90, "secret": True},
        "law-2022": {"comment_days": None},
        "law-2022-2025": {"comment_days": None},
    }


def test_what_was_read_nowhere_is_unconfirmed_and_so_are_the_criteria():
    pack = packs.get_pack("law-2022-2025", AwardForm.BANG_KHEN)

    assert pack.unconfirmed == [
        "threshold", "secret", "ballot", "quorum", "rounds", "tie_break", "nominators", "grace_minutes", "criteria",
    ]  # fmt: skip


def test_the_four_papers_of_article_84_are_items_with_their_article_since_the_law_of_2022():
    old, new = (packs.get_pack(code, AwardForm.BANG_KHEN) for code in ("law-2003", "law-2022"))

    papers = {item.code: item.required for item in new.items if item.article == "Luật 06/2022/QH15, Điều 84"}

    assert papers == {
        "achievement": True,
        "report": True,
        "submission": True,
        "minutes": True,
        "confirmation": False,
    }
    assert {item.source for item in old.items} == {None}


def test_what_is_sensitive_is_asked_of_individuals_alone_and_never_required():
    for pack in packs.list_packs(AwardForm.BANG_KHEN):
        sensitive = [item for item in pack.items if item.sensitive]

        assert {item.code for item in sensitive} == {"ethnicity", "religion", "party", "discipline"}
        assert {item.nominees for item in sensitive} == {frozenset({NomineeKind.INDIVIDUAL})}
        assert {item.required for item in sensitive} == {False}


def test_a_pack_is_read_whole():
    pack = read(WHOLE)

    assert (pack.mark, pack.since, pack.until) == ("sample@2", date(2024, 1, 1), None)
    assert [(each.name, each.value) for each in pack.settings] == [("threshold", 90), ("comment_days", None)]
    assert pack.items[0].nominees == {NomineeKind.INDIVIDUAL}
    assert pack.questions[0].nominees == set(NomineeKind)
    assert pack.unconfirmed == ["comment_days", "criteria"]


def test_a_setting_for_one_form_is_in_the_pack_of_that_form_alone():
    assert [each.name for each in read(WHOLE, AwardForm.THEMATIC).settings] == [
        "threshold",
        "comment_days",
        "thematic",
    ]


def test_a_way_of_breaking_ties_is_one_of_those_that_the_ballot_knows():
    shipped = packs.get_pack("law-2003", AwardForm.BANG_KHEN)

    assert {each.value for each in shipped.settings if each.name == "tie_break"} == {TieBreak.NEXT_ROUND}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('code = "sample"\n', "code = ", "sample.toml: this is no TOML (Invalid value (at line 2, column 8))"),
        ('kind = "file"', 'kind = "fil"', "sample.toml: items[0].kind: 'fil' is not one of "
         "['text', 'file', 'number', 'yes_no', 'date']"),
        ("value = 90", "value = 190", "sample.toml: settings[0].value: 190 is greater than the maximum of 100"),
        ('article = "Điều 1"\n', "", "sample.toml: settings[0]: 'article' is a dependency of 'source'"),
        ('name = "threshold"', 'name = "treshold"', "sample.toml: settings[0].name: 'treshold' is not one of "
         "['ballot', 'comment_days', 'discrepancy', 'grace_minutes', 'nominators', 'quorum', 'readers', 'rounds', "
         "'secret', 'thematic', 'threshold', 'tie_break']"),
        ('name = "comment_days"\nvalue = 0', 'name = "threshold"\nvalue = 80',
         "sample.toml: settings: “threshold” is set 2 times for bang_khen"),
        ('since = "2024-01-01"', 'since = "2024-02-30"', "sample.toml: since: “2024-02-30” is no day"),
        ("weight = 40", "weight = 0", "sample.toml: criteria[0].weight: 0 is less than the minimum of 1"),
        (', hi = "परिणाम" }', " }", "sample.toml: criteria[0].name: 'hi' is a required property"),
    ],
)  # fmt: skip
def test_a_broken_pack_says_where_it_is_broken(old, new, message):
    assert old in WHOLE

    with pytest.raises(packs.PackBroken) as refused:
        read(WHOLE.replace(old, new))

    assert str(refused.value) == message


def test_a_code_that_stands_there_twice_is_named():
    twice = WHOLE + WHOLE[WHOLE.index("[[criteria]]") :]

    with pytest.raises(packs.PackBroken) as refused:
        read(twice)

    assert str(refused.value) == "sample.toml: criteria: “results” stands there 2 times"


@pytest.mark.parametrize("code", ["law-1945", "../law-2003", "pack.schema", ""])
def test_a_pack_that_is_not_shipped_is_not_found(code):
    with pytest.raises(NotFound):
        packs.get_pack(code, AwardForm.BANG_KHEN)


def test_a_scheme_finds_the_pack_that_it_took_over_while_its_version_is_shipped():
    form = AwardForm.GIAY_KHEN

    assert packs.find_taken("law-2022@1", form) == packs.get_pack("law-2022", form)
    assert packs.find_taken("law-2022@0", form) is None
    assert packs.find_taken("law-1945@1", form) is None
    assert packs.find_taken(None, form) is None
