"""The letter of public comment."""

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

RECEIVED = Letter(
    "comment_received",
    lazy_gettext("Comment received"),
    (
        Placeholder(
            "event", lazy_gettext("Edition of the Day"), {"vi": "Ngày Chuyển đổi số", "en": "The Day"}
        ),
        Placeholder(
            "scheme",
            lazy_gettext("Award scheme"),
            {"vi": "Khen thưởng chuyển đổi số", "en": "Digital transformation honours"},
        ),
        Placeholder("receipt", lazy_gettext("Receipt"), "AB23-CD45-EF67-GH89"),
        Placeholder(
            "url",
            lazy_gettext("Page that says what became of it"),
            "https://dxday.example/next/nominations/receipts/AB23CD45EF67GH89",
        ),
    ),
    purpose=lazy_gettext(
        "Gives somebody who commented on a list of nominations the receipt; it belongs to no edition, so that "
        "nobody but administrators reads who commented."
    ),
    why=lazy_gettext(
        "This letter was written to you because your address was given with a comment on a list of nominations."
    ),
    of_edition=False,
)

LETTERS = (RECEIVED,)
