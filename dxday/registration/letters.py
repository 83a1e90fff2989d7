"""The letters of registration."""

from datetime import UTC, datetime

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

PLACE = (
    Placeholder("code", lazy_gettext("Code of the place"), "AB23CD45"),
    Placeholder(
        "site",
        lazy_gettext("Name of the site"),
        {"vi": "Điểm cầu xã Mẫu", "en": "Site of Sample commune", "hi": "नमूना कम्यून का स्थल"},
    ),
    Placeholder(
        "place",
        lazy_gettext("Address of the site"),
        {"vi": "Số 1, đường Thí Dụ", "en": "1 Example Street", "hi": "1, उदाहरण मार्ग"},
    ),
    Placeholder("mode", lazy_gettext("On site or online"), lazy_gettext("On site")),
    Placeholder("is_online", lazy_gettext("Whether they take part online"), False),
    Placeholder("starts_at", lazy_gettext("When it begins for them"), datetime(2026, 10, 10, 1, tzinfo=UTC)),
    Placeholder("url", lazy_gettext("Link to the ticket"), "https://dxday.example/my/registration/abc123"),
)

CONFIRMED = Letter(
    "registration_confirmed",
    lazy_gettext("Place confirmed"),
    (*PLACE, Placeholder("has_calendar", lazy_gettext("Whether a calendar is attached"), True)),
)
CANCELLED = Letter(
    "registration_cancelled",
    lazy_gettext("Place cancelled"),
    (
        PLACE[0],
        Placeholder("url", lazy_gettext("Link to register again"), "https://dxday.example/next/register"),
    ),
)
REMINDER = Letter("registration_reminder", lazy_gettext("Reminder"), PLACE, required=False)

LETTERS = (CONFIRMED, CANCELLED, REMINDER)
