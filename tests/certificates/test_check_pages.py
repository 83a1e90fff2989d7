"""The public check: by code and by file, the same for everybody, telling no more than it must."""

from datetime import timedelta
from io import BytesIO

import pytest

from dxday.audit import queries as audit
from dxday.certificates import rules, services
from dxday.certificates.rules import Reason, Standing
from dxday.core import codes
from dxday.db import db
from tests import make
from tests.certificates import scene


def revoke(certificate, reason=Reason.FRAUD):
    services.revoke(certificate, reason=reason, actor=make.actor(), now=make.NOW)


def replace(certificate):
    """Put another certificate in the place of this one, as a later edition of the house will."""
    certificate.standing = Standing.REPLACED
    db.session.flush()
    other = make.certificate(certificate.award, number="BK-2026-0777") if certificate.award else None
    certificate.replaced_by_id = other.id
    db.session.flush()
    return other


def looks(certificate):
    db.session.commit()
    entries = audit.list_entries(edition_id=certificate.edition_id)
    return [entry for entry in entries if entry.action == "certificate.checked"]


def facts(page):
    return dict(
        zip(
            page.all("//dl[@class='description']//dt"),
            page.all("//dl[@class='description']//dd"),
            strict=True,
        )
    )


def give(client, data, name="certificate.pdf"):
    return client.fill("/v", files={"file": (BytesIO(data), name)})


def test_a_valid_certificate_shows_what_was_certified_and_no_more(client, app):
    certificate = scene.made(recipient_position="Số nhà 1, phố Mẫu")

    page = client.open(f"/v/{certificate.token}")

    printed = certificate.printed
    assert page.status == 200
    assert page.all("//h2[@class='verdict-title']") == ["This certificate is genuine and valid"]
    assert facts(page) == {
        "Status": "Valid",
        "Form of the award": "Bằng khen",
        "Given by": "Chủ tịch Ủy ban nhân dân tỉnh Mẫu",
        "Recipient, as printed": printed.recipient_name,
        "Agency": printed.organisation_name,
        "Achievement": "Đã có thành tích xuất sắc trong chuyển đổi số.",
        "Decision": f"No. {printed.decision_number} of {printed.decided:%d/%m/%Y}",
        "Signed by the": "Chủ tịch",
        "Number in the gold book": "BK-2026-0001",
        "Issued on": f"{make.TODAY:%d/%m/%Y}",
        "SHA-256 of the file": certificate.sha256,
    }
    hidden = (
        certificate.holder_token,
        "awardee@example.org",
        "agency@example.org",
        "phố Mẫu",
        "Phạm Văn Thử",
    )
    assert [secret for secret in hidden if secret in page.text] == []


def test_the_check_is_kept_out_of_caches_search_engines_and_foreign_logs(client):
    certificate = scene.made()

    for path in (f"/v/{certificate.token}", f"/v/{scene.UNKNOWN}", "/v"):
        headers = client.open(path).response.headers
        assert (headers["Cache-Control"], headers["X-Robots-Tag"], headers["Referrer-Policy"]) == (
            "no-store",
            "noindex",
            "no-referrer",
        )


def test_a_revoked_certificate_says_so_and_why(client):
    certificate = scene.made()
    revoke(certificate, Reason.LATER_VIOLATION)

    page = client.open(f"/v/{certificate.token}")

    assert page.all("//section[contains(@class,'verdict-bad')]//h2") == ["This certificate was revoked"]
    assert page.all("//section[contains(@class,'verdict-bad')]//p") == [
        f"It is not valid since {make.TODAY:%d/%m/%Y}. Reason: A violation within the achievement period, found later."
    ]
    assert facts(page)["Status"] == "Revoked"


def test_a_replaced_certificate_names_the_new_one_without_opening_it(client):
    certificate = scene.made()
    db.session.refresh(certificate, ["award"])
    other = replace(certificate)

    page = client.open(f"/v/{certificate.token}")

    assert page.all("//section[contains(@class,'verdict-warn')]//p") == [
        "It was genuine, but another one has taken its place: BK-2026-0777. Ask the holder for the new one."
    ]
    assert other.token not in page.text


def test_one_that_is_still_being_made_can_be_checked_already(client):
    (certificate,) = scene.issued()

    page = client.open(f"/v/{certificate.token}")

    assert facts(page)["SHA-256 of the file"] == "The file is still being made"


NONSENSE = [
    scene.UNKNOWN,
    codes.new_token(),
    "BK-2026-0001",
    "x",
    "u" * 26,
    "0" * 5000,
    "%27%20OR%201=1--",
    "Đ" * 26,
    "..%5C..",
]


def test_unknown_and_malformed_codes_look_alike(client, queries):
    certificate = scene.made()
    seen = []

    for token in [*NONSENSE, certificate.holder_token]:
        with queries() as counted:
            page = client.open(f"/v/{token}")
        seen.append((page.status, page.words, page.title, counted.total))

    assert set(seen) == {seen[0]}
    assert seen[0][0] == 404
    assert seen[0][1].startswith(
        "Check a certificate Not known here Check of a certificate This code is not known here"
    )


@pytest.mark.parametrize("nonsense", ["x", scene.UNKNOWN])
def test_nonsense_leaves_nothing_in_the_trail(client, nonsense):
    before = audit.count_entries()

    client.open(f"/v/{nonsense}")

    assert audit.count_entries() == before


def test_a_code_typed_in_capitals_opens_too(client):
    certificate = scene.made()

    assert client.open(f"/v/{certificate.token.upper()}").status == 200


def test_looks_are_noted_once_an_hour_and_say_nothing_of_the_one_who_looks(client):
    certificate = scene.made()

    for _ in range(3):
        client.open(f"/v/{certificate.token}")

    (entry,) = looks(certificate)
    assert (entry.subject, entry.actor_label, entry.facts) == (
        "BK-2026-0001",
        "visitor",
        {"standing": "valid"},
    )

    services.note_check(certificate, now=make.NOW - rules.CHECK_NOTED_EVERY - timedelta(days=1))
    assert len(looks(certificate)) == 2


def test_a_check_asks_the_database_the_same_few_times(client, queries):
    certificate = scene.made()
    client.open(f"/v/{certificate.token}")

    with queries() as counted:
        client.open(f"/v/{certificate.token}")

    assert counted.total <= 5


@pytest.mark.parametrize("shape", ["{}", " {} ", "https://ngay1010.example/v/{}?lang=vi"])
def test_a_typed_code_leads_to_its_check(client, shape):
    certificate = scene.made()

    page = client.open("/v", query_string={"code": shape.format(certificate.token)})

    assert page.location == f"/v/{certificate.token}"


def test_a_printed_number_is_no_code_and_the_page_says_where_the_code_stands(client):
    page = client.open("/v", query_string={"code": "BK-2026-0001"})

    assert page.status == 200
    assert page.errors == [
        "This is not the code of a certificate. The code has 26 letters and digits and stands at the end of the "
        "address under the QR picture; the number in the gold book is not it."
    ]
    assert page.document.xpath("//input[@id='code']/@value") == ["BK-2026-0001"]


def test_an_empty_code_is_asked_for_again(client):
    assert client.open("/v", query_string={"code": " "}).errors == ["Answer this question."]


def test_the_issued_file_is_genuine(client, app):
    certificate = scene.made()

    page = give(client, scene.stored(app, certificate))

    assert page.status == 200
    assert page.all("//section[contains(@class,'verdict-good')]//h2") == ["This file is genuine"]
    assert facts(page)["Recipient, as printed"] == certificate.printed.recipient_name
    assert certificate.holder_token not in page.text


def test_a_revoked_file_is_genuine_but_holds_no_more(client, app):
    certificate = scene.made()
    revoke(certificate)

    page = give(client, scene.stored(app, certificate))

    assert page.all("//h2[@class='verdict-title']") == ["This certificate was revoked"]
    assert facts(page)["Status"] == "Revoked"


def test_a_replaced_file_is_genuine_but_replaced(client, app):
    certificate = scene.made()
    db.session.refresh(certificate, ["award"])
    replace(certificate)

    page = give(client, scene.stored(app, certificate))

    assert page.all("//h2[@class='verdict-title']") == [
        "This file is genuine, but the certificate was replaced"
    ]


def test_a_file_with_one_changed_byte_is_not_ours(client, app):
    data = bytearray(scene.stored(app, scene.made()))
    data[len(data) // 2] ^= 1

    page = give(client, bytes(data))

    assert page.all("//section[contains(@class,'verdict-bad')]//h2") == [
        "This file is not ours, or it was changed"
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "Choose the PDF file of the certificate."),
        (
            b"<html>certificate.pdf</html>",
            "This is not a PDF file. Choose the file itself as it was sent to you, not a photograph or a scan of it.",
        ),
    ],
)
def test_what_cannot_be_a_certificate_is_said_beside_the_field(client, data, error):
    page = give(client, data)

    assert (page.status, page.errors) == (422, [error])


def test_a_file_that_is_far_too_large_is_refused(client):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-'
    body = head + bytes(rules.MAX_PDF_BYTES) + b"\r\n--x--\r\n"

    page = client.post("/v", data=body, content_type="multipart/form-data; boundary=x")

    assert page.status == 422
    assert page.errors == ["The file is larger than 5 MB, so it cannot be one of our certificates."]


def test_a_form_without_a_file_is_asked_again(client):
    assert client.post("/v").errors == ["Choose the PDF file of the certificate."]


def test_no_session_is_needed_to_compare_a_file(client, app):
    data = scene.stored(app, scene.made())

    page = client.post("/v", data={"file": (BytesIO(data), "x.pdf")})

    assert page.all("//h2[@class='verdict-title']") == ["This file is genuine"]


def test_a_compared_file_is_not_kept(client, app):
    folder = scene.store(app).folder
    scene.made()
    before = sorted(folder.rglob("*"))

    give(client, b"%PDF-1.7 something personal")

    assert sorted(folder.rglob("*")) == before
