"""The letters in which people are told of a change of plan."""

from datetime import UTC, date, datetime

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

_WHY = lazy_gettext("You get this letter because you hold a place or have a part in what changed.")

_REASON = Placeholder(
    "reason",
    lazy_gettext("The reason, as the organizers give it"),
    {
        "vi": "Bão đổ bộ vào tỉnh Mẫu.",
        "en": "A storm is reaching Sample Province.",
        "hi": "तूफ़ान नमूना प्रांत पहुँच रहा है।",
    },
)
_HAS_PLACE = Placeholder("has_place", lazy_gettext("Whether they hold a place"), True)
_CODE = Placeholder("code", lazy_gettext("Code of the place"), "AB23CD45")
_SITE = Placeholder(
    "site",
    lazy_gettext("Name of the site"),
    {"vi": "Điểm cầu xã Mẫu", "en": "Site of Sample commune", "hi": "नमूना कम्यून का स्थल"},
)
_STARTS_AT = Placeholder(
    "starts_at", lazy_gettext("When it begins for them now"), datetime(2026, 10, 17, 1, tzinfo=UTC)
)
_URL = Placeholder(
    "url",
    lazy_gettext("Link to the ticket, or to the programme"),
    "https://dxday.example/my/registration/abc123",
)
_CHANGES = Placeholder(
    "changes",
    lazy_gettext("What was moved or cancelled, a line each"),
    (
        "• “Mẫu”: 10/10/2026 08:00–09:00 → 10/10/2026 09:00–10:00",
        "• “Thí Dụ”: ✕ 10/10/2026 10:00–11:00",
    ),
)
_HAS_CALENDAR = Placeholder("has_calendar", lazy_gettext("Whether a calendar entry comes along"), True)
_WAS_ON = Placeholder("was_on", lazy_gettext("First day before"), date(2026, 10, 10))
_IS_ON = Placeholder("is_on", lazy_gettext("First day now"), date(2026, 10, 17))

PLAN_CHANGED = Letter(
    "plan_changed",
    lazy_gettext("Sessions moved or cancelled"),
    (_CHANGES, _REASON, _HAS_PLACE, _CODE, _SITE, _STARTS_AT, _URL, _HAS_CALENDAR),
    purpose=lazy_gettext(
        "Tells everybody whom it concerns what was moved or cancelled, all of it in one letter."
    ),
    why=_WHY,
)
EDITION_POSTPONED = Letter(
    "edition_postponed",
    lazy_gettext("Edition postponed"),
    (_WAS_ON, _IS_ON, _REASON, _HAS_PLACE, _CODE, _SITE, _STARTS_AT, _CHANGES, _URL, _HAS_CALENDAR),
    purpose=lazy_gettext("Tells everybody that the edition is on another day, and that places are kept."),
    why=_WHY,
)
EDITION_CANCELLED = Letter(
    "edition_cancelled",
    lazy_gettext("Edition cancelled"),
    (_WAS_ON, _REASON, _HAS_PLACE, _CODE, _SITE, _HAS_CALENDAR),
    purpose=lazy_gettext("Tells everybody that the edition does not take place."),
    why=_WHY,
)
SITE_CANCELLED = Letter(
    "site_cancelled",
    lazy_gettext("Site cancelled"),
    (_REASON, _HAS_PLACE, _CODE, _SITE, _URL, _HAS_CALENDAR),
    purpose=lazy_gettext(
        "Tells the people of a site that it does not take part, and how to move to another."
    ),
    why=_WHY,
)

LETTERS = (PLAN_CHANGED, EDITION_POSTPONED, EDITION_CANCELLED, SITE_CANCELLED)
