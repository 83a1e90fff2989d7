"""The letters in which a site is told what became of its proposal."""

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

__all__ = ["LETTERS", "PROPOSAL_RETURNED", "PROPOSAL_TAKEN", "Letter"]

_WHY = lazy_gettext("You get this letter because you look after a site of the Day.")
_SITE = Placeholder(
    "site",
    lazy_gettext("Name of the site"),
    {"vi": "Điểm cầu xã Mẫu", "en": "Site of Sample commune", "hi": "नमूना कम्यून का स्थल"},
)
_URL = Placeholder(
    "url", lazy_gettext("Link to the day of the site"), "https://dxday.example/site/next/sample/"
)
_ANSWER = Placeholder(
    "answer", lazy_gettext("What the organizers answer"), "Phòng họp đã có cuộc khác lúc 14 giờ."
)

PROPOSAL_TAKEN = Letter(
    "proposal_taken",
    lazy_gettext("Proposal of a site taken"),
    (
        _SITE,
        Placeholder("taken", lazy_gettext("How many changes were taken"), 3),
        Placeholder("left", lazy_gettext("How many changes were not taken"), 1),
        _ANSWER,
        _URL,
    ),
    purpose=lazy_gettext("Tells the coordinators of a site which of their changes are in the programme now."),
    why=_WHY,
)
PROPOSAL_RETURNED = Letter(
    "proposal_returned",
    lazy_gettext("Proposal of a site returned"),
    (_SITE, _ANSWER, _URL),
    purpose=lazy_gettext("Tells the coordinators of a site why their changes came back to them."),
    why=_WHY,
)

LETTERS = (PROPOSAL_TAKEN, PROPOSAL_RETURNED)
