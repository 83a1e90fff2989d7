"""The letters of registration."""

from datetime import UTC, datetime

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

SAMPLE_TIME = datetime(2026, 10, 10, 1, tzinfo=UTC)

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
    Placeholder("starts_at", lazy_gettext("When it begins for them"), SAMPLE_TIME),
    Placeholder("url", lazy_gettext("Link to the ticket"), "https://dxday.example/my/registration/abc123"),
)

_WHY = lazy_gettext("This letter was written to you because somebody registered with your address.")

CONFIRMED = Letter(
    "registration_confirmed",
    lazy_gettext("Place confirmed"),
    (*PLACE, Placeholder("has_calendar", lazy_gettext("Whether a calendar is attached"), True)),
    purpose=lazy_gettext("Confirms a place, with the ticket, when somebody registers or changes the site."),
    why=_WHY,
)
CANCELLED = Letter(
    "registration_cancelled",
    lazy_gettext("Place cancelled"),
    (
        PLACE[0],
        Placeholder("url", lazy_gettext("Link to register again"), "https://dxday.example/next/register"),
    ),
    purpose=lazy_gettext("Says that a place was cancelled, and how to register again."),
    why=_WHY,
)

LETTERS = (CONFIRMED, CANCELLED)
