"""The letter of press summaries."""

from datetime import UTC, datetime

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

PRESS_APPROVAL = Letter(
    "press_approval",
    lazy_gettext("Please approve what the press will read"),
    (
        Placeholder("awardee", lazy_gettext("Who is honoured"), "Tổ công nghệ số cộng đồng xã Mẫu"),
        Placeholder(
            "summary",
            lazy_gettext("The words"),
            "Tổ công nghệ số cộng đồng xã Mẫu được tặng Bằng khen vì thành tích chuyển đổi số.",
        ),
        Placeholder(
            "event", lazy_gettext("Edition of the Day"), {"vi": "Ngày Chuyển đổi số", "en": "The Day"}
        ),
        Placeholder("expires", lazy_gettext("Until when"), datetime(2026, 10, 1, 10, tzinfo=UTC)),
        Placeholder(
            "url",
            lazy_gettext("Page to answer on"),
            "https://dxday.example/press/0123456789abcdefghjkmnpqrs",
        ),
    ),
    purpose=lazy_gettext(
        "Asks somebody who is honoured to approve what the press and the hall of honour say of them; the link is for "
        "them alone."
    ),
    why=lazy_gettext("This letter was written to you because you are honoured, or nominated who is."),
    of_edition=False,
)

LETTERS = (PRESS_APPROVAL,)
