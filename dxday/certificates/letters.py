"""The letters of certificates."""

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

READY = Letter(
    "certificate_ready",
    lazy_gettext("Certificate ready"),
    (
        Placeholder("award", lazy_gettext("Title of the certificate"), "Bằng khen"),
        Placeholder(
            "url", lazy_gettext("Link to the holder's page"), "https://dxday.example/my/certificate/abc123"
        ),
        Placeholder("check_url", lazy_gettext("Link to the public check"), "https://dxday.example/v/abc123"),
    ),
    purpose=lazy_gettext("Tells somebody who was honoured that the certificate can be fetched."),
    why=lazy_gettext("This letter was written to you because a certificate was issued to you."),
)

LETTERS = (READY,)
