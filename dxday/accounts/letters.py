"""The letters of accounts."""

from dxday.core.i18n import lazy_gettext
from dxday.notifications.letters import Letter, Placeholder

SIGN_IN_LINK = Letter(
    "sign_in_link",
    lazy_gettext("Sign-in link"),
    (
        Placeholder(
            "url", lazy_gettext("Link that signs in once"), "https://dxday.example/sign-in/link/abc123"
        ),
    ),
    purpose=lazy_gettext("Lets somebody sign in who asked for a link, or who was given an account."),
    why=lazy_gettext(
        "This letter was written to you because somebody asked for a link to sign in with your address."
    ),
    of_edition=False,
)

LETTERS = (SIGN_IN_LINK,)
