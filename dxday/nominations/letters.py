"""The letters of nominations."""

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

RECEIVED = Letter(
    "nomination_received",
    lazy_gettext("Nomination received"),
    (
        Placeholder("code", lazy_gettext("Code of the nomination"), "AB23CD45"),
        Placeholder("nominee", lazy_gettext("Name of the nominee"), "Tổ công nghệ số cộng đồng xã Mẫu"),
        Placeholder(
            "agency",
            lazy_gettext("Name of the agency"),
            {"vi": "Ủy ban nhân dân xã Mẫu", "en": "People's Committee of Sample commune"},
        ),
    ),
    purpose=lazy_gettext("Tells an agency that its dossier has come in."),
    why=lazy_gettext(
        "This letter was written to you because you are named in the nomination as the one to ask."
    ),
)

LETTERS = (RECEIVED,)
