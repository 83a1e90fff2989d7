"""The letters of nominations."""

from datetime import UTC, datetime

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

_CODE = Placeholder("code", lazy_gettext("Code of the nomination"), "AB23CD45")
_NOMINEE = Placeholder("nominee", lazy_gettext("Name of the nominee"), "Tổ công nghệ số cộng đồng xã Mẫu")
_AGENCY = Placeholder(
    "agency",
    lazy_gettext("Name of the agency"),
    {"vi": "Ủy ban nhân dân xã Mẫu", "en": "People's Committee of Sample commune"},
)
_WHY = lazy_gettext(
    "This letter was written to you because you are named in the nomination as the one to ask."
)

RECEIVED = Letter(
    "nomination_received",
    lazy_gettext("Nomination received"),
    (_CODE, _NOMINEE, _AGENCY),
    purpose=lazy_gettext("Tells an agency that its dossier has come in."),
    why=_WHY,
)

RETURNED = Letter(
    "nomination_returned",
    lazy_gettext("Nomination returned for completion"),
    (
        _CODE,
        _NOMINEE,
        _AGENCY,
        Placeholder("reason", lazy_gettext("What has to be completed"), "Thiếu bản sao quyết định."),
        Placeholder(
            "due_at", lazy_gettext("Until when it can be completed"), datetime(2026, 9, 25, 10, tzinfo=UTC)
        ),
    ),
    purpose=lazy_gettext("Tells an agency what its dossier lacks, and until when it can be completed."),
    why=_WHY,
)

_PAGE = Placeholder(
    "url", lazy_gettext("Page of the dossier"), "https://dxday.example/agency/next/nominations/AB23CD45"
)
ENDORSEMENT_ASKED = Letter(
    "endorsement_asked",
    lazy_gettext("Please endorse a nomination"),
    (
        _NOMINEE,
        _AGENCY,
        Placeholder(
            "scheme",
            lazy_gettext("Award scheme"),
            {"vi": "Khen thưởng chuyển đổi số", "en": "Digital transformation honours"},
        ),
        Placeholder(
            "step", lazy_gettext("Step of the endorsement"), {"vi": "Ý kiến cấp ủy", "en": "Party committee"}
        ),
        Placeholder(
            "event", lazy_gettext("Edition of the Day"), {"vi": "Ngày Chuyển đổi số", "en": "The Day"}
        ),
        Placeholder("contact", lazy_gettext("Who answers questions"), "Lê Thị Ví Dụ, agency@example.org"),
        Placeholder("expires", lazy_gettext("Until when"), datetime(2026, 9, 10, 10, tzinfo=UTC)),
        Placeholder(
            "url",
            lazy_gettext("Page to endorse on"),
            "https://dxday.example/endorse/0123456789abcdefghjkmnpqrs",
        ),
    ),
    purpose=lazy_gettext(
        "Asks somebody whom an agency named to endorse its nomination; the link is for them alone."
    ),
    why=lazy_gettext("This letter was written to you because an agency named you to endorse its nomination."),
    of_edition=False,
)

ENDORSEMENT_SENT_BACK = Letter(
    "endorsement_sent_back",
    lazy_gettext("Nomination sent back by an endorser"),
    (
        _NOMINEE,
        Placeholder("endorser", lazy_gettext("Who sent it back"), "Trần Văn Mẫu, Bí thư Đảng ủy xã"),
        Placeholder("remark", lazy_gettext("What they say"), ("Cần bổ sung số liệu của quý IV.",)),
        _PAGE,
    ),
    purpose=lazy_gettext(
        "Tells an agency that somebody sent its nomination back instead of endorsing it, and why."
    ),
    why=_WHY,
)

ENDORSEMENT_IN_VAIN = Letter(
    "endorsement_in_vain",
    lazy_gettext("Endorsed nomination not submitted"),
    (
        _NOMINEE,
        Placeholder("reason", lazy_gettext("Why"), lazy_gettext("Nominations are not open yet.")),
        _PAGE,
    ),
    purpose=lazy_gettext(
        "Tells an agency that its nomination was endorsed by all but could not be submitted, and why."
    ),
    why=_WHY,
)

LETTERS = (RECEIVED, RETURNED, ENDORSEMENT_ASKED, ENDORSEMENT_SENT_BACK, ENDORSEMENT_IN_VAIN)
