"""Letters in words: the shipped ones are whole in three languages, facts are put plainly, own words come first."""

from datetime import date, time
from decimal import Decimal
from pathlib import Path

import html5lib
import pytest
from structlog.testing import capture_logs

from dxday.core.errors import Stale
from dxday.core.i18n import LOCALES, lazy_gettext
from dxday.db import db
from dxday.notifications import letters, own_words, templates, wording
from dxday.notifications.letters import Letter, Placeholder
from dxday.notifications.models import OwnWording
from dxday.notifications.wording import Template
from dxday.registration.letters import CONFIRMED
from tests import make

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "wording"
HAS_NO_VALUE = {"place", "starts_at", "room", "reason", "changes"}

SAMPLE = Letter(
    "registration_confirmed",
    lazy_gettext("Place confirmed"),
    (Placeholder("fact", "A fact", "x"), Placeholder("flag", "A flag", False)),
)


def say(fact, *, locale="en", edition=None, subject="{{ fact }}", body="{{ fact }}"):
    return wording.write(
        SAMPLE,
        locale=locale,
        edition=edition,
        words=Template(subject, body),
        recipient="Mẫu",
        fact=fact,
        flag=True,
    )


def own(edition, subject="Own {{ code }}", body="Own words", *, kind="registration_confirmed", locale="en"):
    """Own words that nobody checked."""
    return make.save(
        OwnWording(
            edition_id=edition.id, kind=kind, locale=locale, subject=subject, body=body, updated_at=make.NOW
        )
    )


def confirmed(edition, **given):
    facts = {**wording.sample_facts(CONFIRMED, "en"), **given}
    return wording.write(CONFIRMED, locale="en", edition=edition, **facts)


# The shipped words ------------------------------------------------------------------------------------------


def test_every_letter_is_shipped_in_every_language_and_no_file_is_left_over(shared_app):
    with shared_app.app_context():
        wanted = {f"{kind}.{locale}.md" for kind in letters.known() for locale in LOCALES}

    assert {path.name for path in FOLDER.iterdir()} == wanted


@pytest.mark.parametrize("locale", list(LOCALES))
def test_the_shipped_words_are_of_the_language_and_name_every_link(app, locale):
    for letter in letters.known().values():
        shipped = wording.shipped(letter.kind, locale)

        wording.check(shipped, letter)

        assert [each.name for each in wording.find_left_out(shipped, letter)] == []


@pytest.mark.parametrize("locale", list(LOCALES))
@pytest.mark.parametrize("are", [True, False])
def test_the_shipped_words_leave_nothing_over_whatever_is_there(app, locale, are):
    edition = make.edition()
    for letter in letters.known().values():
        facts = {
            name: are if isinstance(fact, bool) else None if not are and name in HAS_NO_VALUE else fact
            for name, fact in wording.sample_facts(letter, locale).items()
        }

        worded = wording.write(
            letter, locale=locale, edition=edition, unsubscribe_url="https://x.example/u", **facts
        )

        parser = html5lib.HTMLParser(strict=True)
        parser.parse(worded.html)
        assert f'<html lang="{locale}">' in worded.html
        assert worded.subject == " ".join(worded.subject.split()) != ""
        assert worded.text.endswith("\n")
        assert "\n\n\n" not in worded.text
        for part in (worded.subject, worded.text, worded.html):
            assert [
                left for left in ("{{", "{%", "None", "**", "](", "\ufdd0", "True", "False") if left in part
            ] == []


def test_the_three_languages_of_a_letter_name_the_same_placeholders(app):
    for kind in letters.known():
        named = {locale: templates.names_in(wording.shipped(kind, locale)) for locale in LOCALES}

        assert named["vi"] == named["hi"] == named["en"], kind


def test_a_reminder_never_says_tomorrow(app):
    for kind in letters.known():
        if kind.startswith("reminder_"):
            said = " ".join(
                wording.shipped(kind, locale).subject + wording.shipped(kind, locale).body
                for locale in LOCALES
            )
            assert [word for word in ("omorrow", "gày mai", "कल:") if word in said] == []


# Facts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "locale", "expected"),
    [
        (make.at("2026-10-10 08:00"), "en", "08:00 · Saturday, October 10, 2026"),
        (make.at("2026-10-10 08:00"), "vi", "08:00 · Thứ Bảy, 10 tháng 10, 2026"),
        (date(2026, 10, 10), "en", "Saturday, October 10, 2026"),
        (time(8, 5), "en", "08:05"),
        (12345, "vi", "12.345"),
        (12345, "en", "12,345"),
        (Decimal("2.5"), "vi", "2,5"),
        (0, "en", "0"),
        (None, "en", ""),
        ({"vi": "Điểm cầu", "en": "Site"}, "en", "Site"),
        ({"vi": "Điểm cầu"}, "hi", "Điểm cầu"),
        ({}, "en", ""),
        (lazy_gettext("Sign in"), "vi", "Đăng nhập"),
        (" two\nlines\u2028and \x00more ", "en", "two lines and more"),
    ],
)
def test_facts_are_put_into_plain_words_of_the_readers_language(app, fact, locale, expected):
    assert say(fact, locale=locale, subject="x {{ fact }}").subject == f"x {expected}".strip()


def test_a_list_is_lines_that_are_text(app):
    worded = say(["• one", {"en": "• <b>two</b>"}])

    assert (worded.subject, worded.text.partition("\n\n")[0]) == ("• one • <b>two</b>", "• one\n• <b>two</b>")
    assert "• one<br>• &lt;b&gt;two&lt;/b&gt;" in worded.html


def test_what_is_no_plain_value_is_a_bug(app):
    with pytest.raises(TypeError, match="a letter takes plain values, not object"):
        say(object())


def test_times_are_on_the_clock_of_the_edition(app):
    edition = make.edition(time_zone="Asia/Kolkata")

    assert say(make.at("2026-10-10 08:00"), edition=edition).subject == "06:30 · Saturday, October 10, 2026"


def test_the_language_is_the_readers_and_not_that_of_the_page(app):
    with app.test_request_context("/?lang=en"):
        worded = say(lazy_gettext("Sign in"), locale="vi")

    assert worded.subject == "Đăng nhập"


def test_the_page_that_causes_a_letter_keeps_its_own_edition(app):
    from flask import g

    with app.test_request_context("/"):
        g.edition = "the page's"
        say("x", edition=make.edition())

        assert g.edition == "the page's"


def test_what_people_wrote_is_text_in_a_letter_and_never_markup(app):
    worded = confirmed(None, recipient="Trần Thị <b>Thí Dụ</b> [x](http://evil.example) {{ 7*7 }}")

    assert "Dear Trần Thị &lt;b&gt;Thí Dụ&lt;/b&gt; [x](http://evil.example) {{ 7*7 }}," in worded.html
    assert worded.text.startswith("Dear Trần Thị <b>Thí Dụ</b> [x](http://evil.example) {{ 7*7 }},\n")


# The foot ---------------------------------------------------------------------------------------------------


def test_the_foot_says_who_writes_and_why_and_how_to_get_no_more(app):
    edition = make.edition(name={"vi": "Ngày mẫu", "en": "Sample <Day>"})

    worded = wording.write(
        SAMPLE,
        locale="en",
        edition=edition,
        words=Template("x", "x"),
        unsubscribe_url="https://x.example/u?a=1&b=2",
        answers_to="hoi@example.org",
        recipient="Mẫu",
    )

    assert worded.text == (
        "x\n\n--\nSample <Day>\n"
        "This letter was written to you because your address was given to the organizers.\n"
        "To get no more reminders: https://x.example/u?a=1&b=2\n"
        "If you have a question, answer this letter: the organizers read it.\n"
    )
    assert "Sample &lt;Day&gt;" in worded.html
    assert 'href="https://x.example/u?a=1&amp;b=2"' in worded.html
    assert worded.html.count('src="cid:mark"') == 1


def test_a_letter_that_needs_no_answer_says_so_and_offers_no_way_out_that_is_not_there(app):
    worded = say("x")

    assert worded.text.endswith("This letter was sent by a machine; nobody reads answers to it.\n")
    assert "reminders" not in worded.text + worded.html


# Whose words ------------------------------------------------------------------------------------------------


def test_the_words_of_a_rule_come_before_those_of_the_edition_and_these_before_the_shipped(app):
    edition, other = make.edition(), make.edition()
    own(edition)

    found = [
        wording.write(
            CONFIRMED, locale=locale, edition=of, words=words, **wording.sample_facts(CONFIRMED, locale)
        ).subject
        for locale, of, words in [
            ("en", edition, Template("Rule {{ code }}", "x")),
            ("en", edition, None),
            ("vi", edition, None),
            ("en", other, None),
        ]
    ]

    assert found == [
        "Rule AB23CD45",
        "Own AB23CD45",
        "Chỗ của bạn tại Điểm cầu xã Mẫu, mã AB23CD45",
        "Your place at Site of Sample commune, code AB23CD45",
    ]


@pytest.mark.parametrize("body", ["{{ gone }}", "{{ recipient.__class__ }}", "{{ broken", "{% if %}"])
def test_words_that_fail_all_the_same_are_left_and_logged_and_the_letter_is_written(app, body):
    edition = make.edition()
    own(edition, body=body)

    with capture_logs() as logs:
        worded = confirmed(edition)

    assert worded.subject == "Your place at Site of Sample commune, code AB23CD45"
    assert [(line["event"], line["whose"], line["edition_id"]) for line in logs] == [
        ("wording_failed", "edition", edition.id)
    ]


def test_a_fact_that_the_shipped_words_miss_is_a_bug(app):
    facts = wording.sample_facts(CONFIRMED, "en")
    facts.pop("code")

    with pytest.raises(wording.FactMissing, match="the letter has no fact 'code'"):
        wording.write(CONFIRMED, locale="en", edition=None, **facts)


def test_own_words_are_asked_for_once_in_a_batch(app, queries):
    edition = make.edition()
    own(edition)
    db.session.commit()
    confirmed(edition)  # loads the edition

    db.session.commit()
    edition.id  # noqa: B018 (loads the row, which the commit let go of)
    with queries() as counted:
        subjects = {confirmed(edition).subject for _ in range(50)}

    assert (subjects, counted.total) == ({"Own AB23CD45"}, 1)


def test_own_words_that_another_process_changed_are_seen_by_the_next_transaction(app):
    edition = make.edition()
    row = own(edition)
    before = confirmed(edition).subject
    db.session.execute(OwnWording.__table__.update().values(subject="New"))
    db.session.commit()

    after = confirmed(edition).subject

    assert (before, after, row.id is not None) == ("Own AB23CD45", "New", True)


def test_own_words_are_seen_in_the_transaction_that_changes_them(app):
    edition = make.edition()
    who = {"actor": make.actor(), "now": make.NOW}
    found = [confirmed(edition).subject]

    own_words.change_wording(edition, CONFIRMED.kind, "en", Template("One", "x"), version=0, **who)
    found.append(confirmed(edition).subject)
    own_words.change_wording(edition, CONFIRMED.kind, "en", Template("Two", "x"), version=1, **who)
    found.append(confirmed(edition).subject)
    own_words.take_back_wording(edition, CONFIRMED.kind, "en", version=2, **who)
    found.append(confirmed(edition).subject)

    shipped = "Your place at Site of Sample commune, code AB23CD45"
    assert found == [shipped, "One", "Two", shipped]


@pytest.mark.parametrize("version", [0, 2])
def test_words_that_somebody_else_changed_are_not_written_over(app, version):
    edition = make.edition()
    own(edition)

    for change in (
        lambda **seen: own_words.change_wording(edition, CONFIRMED.kind, "en", Template("x", "x"), **seen),
        lambda **seen: own_words.take_back_wording(edition, CONFIRMED.kind, "en", **seen),
    ):
        with pytest.raises(Stale):
            change(version=version, actor=make.actor(), now=make.NOW)


def test_of_two_who_give_an_edition_its_first_words_the_second_is_told(app, monkeypatch):
    edition = make.edition()
    own(edition)
    monkeypatch.setattr(own_words, "find_wording", lambda *_: None)  # as it looked a moment ago

    with pytest.raises(Stale):
        own_words.change_wording(
            edition, CONFIRMED.kind, "en", Template("x", "x"), version=0, actor=make.actor(), now=make.NOW
        )


def test_a_link_that_own_words_leave_out_is_named(app):
    left = wording.find_left_out(Template("x", "Dear {{ recipient }}"), CONFIRMED)

    assert [each.name for each in left] == ["url"]
