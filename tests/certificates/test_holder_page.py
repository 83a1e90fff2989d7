"""The holder's own page: what was given, the file, and how far it is."""

import hashlib

import pytest

from dxday.adapters.storage import open_storage
from dxday.certificates import services
from dxday.certificates.rules import Reason
from dxday.core.carriage import Carriage
from tests import make
from tests.certificates import scene


def path(certificate, more=""):
    return f"/my/certificate/{certificate.holder_token}{more}"


def test_the_page_shows_the_honour_and_offers_the_file(client):
    certificate = scene.made()

    page = client.open(path(certificate))

    assert page.heading == "Your certificate"
    assert page.all("//p[@class='honour-name']") == [certificate.printed.recipient_name]
    assert path(certificate, "/download") in page.links()
    assert page.all("//*[@data-copy]") == [f"http://localhost/v/{certificate.token}"]


def test_the_file_comes_whole_under_its_number_and_stays_out_of_caches(client, app):
    certificate = scene.made()

    response = client.open(path(certificate, "/download")).response

    assert hashlib.sha256(response.data).hexdigest() == certificate.sha256
    assert response.mimetype == "application/pdf"
    assert response.headers["Content-Disposition"] == "attachment; filename=BK-2026-0001.pdf"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_while_it_is_made_the_page_waits(client):
    (certificate,) = scene.issued()

    page = client.open(path(certificate))

    assert page.document.xpath("//*[@data-progress-url]/@data-progress-url") == [
        path(certificate, "/progress")
    ]
    assert path(certificate, "/download") not in page.links()
    refused = client.open(path(certificate, "/download"))
    assert refused.status == 422
    assert "The certificate is still being made. Come back in a minute." in refused.words


def test_progress_ends_when_the_file_is_there(client):
    (certificate,) = scene.issued()
    waiting = client.open(path(certificate, "/progress")).response.json

    scene.render(certificate)

    assert waiting == {"value": 0, "max": 1, "text": "Still being made", "done": False}
    assert client.open(path(certificate, "/progress")).response.json == {
        "value": 1,
        "max": 1,
        "text": "Ready",
        "done": True,
    }


def test_a_failure_is_told_plainly(client):
    (certificate,) = scene.issued()
    certificate.carriage, certificate.error = Carriage.FAILED, "OSError: disk"

    page = client.open(path(certificate))

    assert "The certificate could not be made yet" in page.words
    assert "OSError" not in page.text
    assert client.open(path(certificate, "/progress")).response.json["done"] is True


def test_a_stop_is_told_plainly(client):
    (certificate,) = scene.issued()
    certificate.carriage = Carriage.CANCELLED

    page = client.open(path(certificate))

    assert page.all("//p[@class='notice-title']") == ["Your certificate is not made yet"]
    assert page.document.xpath("//*[@data-progress-url]") == []
    assert client.open(path(certificate, "/progress")).response.json["done"] is True
    assert client.open(path(certificate, "/download")).status == 422


def test_a_revoked_certificate_is_not_handed_out_any_more(client):
    certificate = scene.made()
    services.revoke(certificate, reason=Reason.FRAUD, actor=make.actor(), now=make.NOW)

    page = client.open(path(certificate))
    refused = client.open(path(certificate, "/download"))

    assert page.all("//h2[@class='verdict-title']") == ["This certificate was revoked"]
    assert path(certificate, "/download") not in page.links()
    assert refused.status == 422
    assert "Certificate BK-2026-0001 is not valid any more, so its file is not handed out." in refused.words


@pytest.mark.parametrize("more", ["", "/progress", "/download"])
@pytest.mark.parametrize("token", [scene.UNKNOWN, "x", "0" * 3000, "%00"])
def test_an_unknown_address_opens_nothing(client, more, token):
    assert client.open(f"/my/certificate/{token}{more}").status == 404


def test_the_public_code_does_not_open_the_holders_page(client):
    certificate = scene.made()

    assert client.open(f"/my/certificate/{certificate.token}").status == 404


def test_a_file_that_has_vanished_from_the_store_is_said_to_be_gone(client, app):
    certificate = scene.made()
    open_storage(app.extensions["dxday_settings"].storage_url).delete(certificate.storage_key)

    page = client.open(path(certificate, "/download"))

    assert page.status == 410
    assert f"The file of {certificate.number} is not in the store any more." in page.words
