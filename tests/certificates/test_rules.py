"""Numbers, codes as people type them, states, and what may be done to a certificate."""

from datetime import date

import pytest

from dxday.certificates import rules
from dxday.certificates.rules import Standing, State
from dxday.core import codes
from dxday.core.carriage import Carriage
from dxday.core.permissions import Role
from tests import make

CODE = "7h3k9m2p5q8r4t6v1w0x3y5z7a"


@pytest.mark.parametrize(
    ("form", "sequence", "number"),
    [
        ("bang_khen", 42, "BK-2026-0042"),
        ("giay_khen", 1, "GK-2026-0001"),
        ("own", 9, "CN-2026-0009"),
        ("bang_khen", 12345, "BK-2026-12345"),
    ],
)
def test_a_number_says_form_year_and_place_in_the_gold_book(form, sequence, number):
    assert rules.number_of(form, 2026, sequence) == number


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        CODE.upper(),
        f"  {CODE}\n",
        f"https://ngay1010.example/v/{CODE}",
        f"https://ngay1010.example/v/{CODE}/?lang=vi#facts",
        "7h3k 9m2p 5q8r 4t6v 1w0x 3y5z 7a",
        "7H3K-9M2P-5Q8R-4T6V-IwOx-3y5z-7a",
    ],
)
def test_a_code_is_understood_however_it_is_typed(typed):
    assert rules.code_in(typed) == CODE


@pytest.mark.parametrize(
    "typed", ["", "BK-2026-0042", CODE[:-1], CODE + "a", "u" * 26, "%00" * 9, "\x00", "/"]
)
def test_anything_else_is_no_code(typed):
    assert rules.code_in(typed) is None


def test_every_new_token_is_a_code():
    assert [rules.code_in(token) == token for token in (codes.new_token() for _ in range(200))] == [
        True
    ] * 200


@pytest.mark.parametrize(
    ("standing", "carriage", "state"),
    [
        (Standing.VALID, Carriage.QUEUED, State.WAITING),
        (Standing.VALID, Carriage.CLAIMED, State.WAITING),
        (Standing.VALID, Carriage.DONE, State.READY),
        (Standing.VALID, Carriage.FAILED, State.FAILED),
        (Standing.REVOKED, Carriage.DONE, State.ENDED),
        (Standing.REPLACED, Carriage.FAILED, State.ENDED),
    ],
)
def test_the_state_tells_whether_it_is_made_and_holds(standing, carriage, state):
    assert rules.state_of(standing, carriage) is state


def test_facts_of_an_older_certificate_may_lack_what_was_added_since():
    facts = rules.facts_of({"number": "BK-2023-0001", "decided_on": "2023-10-05", "extra": "x"})

    assert (facts.number, facts.title, facts.decided) == ("BK-2023-0001", "", date(2023, 10, 5))


@pytest.mark.parametrize("standing", [Standing.REVOKED, Standing.REPLACED])
def test_only_a_valid_certificate_can_be_revoked_or_downloaded(standing):
    with pytest.raises(rules.RevokedAlready):
        rules.check_can_revoke(standing, "BK-2026-0001")
    with pytest.raises(rules.NoLongerValid):
        rules.check_can_download(standing, "BK-2026-0001", made=True)


def test_a_file_that_is_not_there_yet_cannot_be_downloaded():
    with pytest.raises(rules.NotRendered):
        rules.check_can_download(Standing.VALID, "BK-2026-0001", made=False)


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", rules.NoFile),
        (b"%PDF-" + bytes(rules.MAX_PDF_BYTES), rules.FileTooLarge),
        (b"\x89PNG\r\n\x1a\n", rules.NotAPdf),
    ],
)
def test_only_a_pdf_of_a_sane_size_is_compared(data, refusal):
    with pytest.raises(refusal):
        rules.check_looks_like_pdf(data)


def test_certificates_are_issued_by_those_who_handle_them_in_the_edition():
    rules.check_may_issue(make.actor(Role.COUNCIL, edition_id=1), edition_id=1)

    with pytest.raises(rules.NotTheIssuer):
        rules.check_may_issue(make.actor(Role.COUNCIL, edition_id=1), edition_id=2)
    with pytest.raises(rules.NotTheIssuer):
        rules.check_may_issue(make.actor(Role.AGENCY, edition_id=1, organisation_id=1), edition_id=1)


def test_waits_grow_and_end():
    assert [rules.next_wait(tries) for tries in (1, 2, 3, 4)] == [*rules.RETRY_AFTER, None]
