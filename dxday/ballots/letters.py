"""The letters of ballots; none of them says a word of what anybody votes."""

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

SCHEME = Placeholder(
    "scheme",
    lazy_gettext("Name of the award scheme"),
    {"vi": "Khen thưởng chuyển đổi số", "en": "Digital transformation honours"},
)
COUNCIL = Placeholder(
    "council",
    lazy_gettext("Name of the council"),
    {"vi": "Hội đồng Thi đua – Khen thưởng tỉnh Mẫu", "en": "Council of Sample Province"},
)
ROUND = Placeholder("round", lazy_gettext("Number of the round"), 1)
NOMINATIONS = Placeholder("nominations", lazy_gettext("How many nominations they vote on"), 12)
PAGE = Placeholder("url", lazy_gettext("Page of their vote"), "https://dxday.example/sit/next/ballots/1")
WHY = lazy_gettext("This letter was written to you because you sit on the council that votes.")

ROUND_OPENED = Letter(
    "ballot_opened",
    lazy_gettext("A round of a ballot is open"),
    (SCHEME, COUNCIL, ROUND, NOMINATIONS, PAGE),
    purpose=lazy_gettext("Asks each member who may vote to do so, when a round of a ballot opens."),
    why=WHY,
)

WRITTEN_VOTE_NOTED = Letter(
    "written_vote_noted",
    lazy_gettext("Written vote noted"),
    (SCHEME, COUNCIL, ROUND),
    purpose=lazy_gettext("Tells a member that the secretary noted a written vote of theirs."),
    why=WHY,
)

LETTERS = (ROUND_OPENED, WRITTEN_VOTE_NOTED)
