"""Signing in and choosing a password."""

from collections.abc import Sequence

from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, Regexp

from dxday.core.i18n import LOCALES, gettext, lazy_gettext
from dxday.web.forms import Form, at_most, required


class SignInForm(Form):
    """Address and password."""

    email = EmailField(lazy_gettext("E-mail address"), [required(), at_most(254)])
    password = PasswordField(lazy_gettext("Password"), [required(), at_most(200)])
    next = HiddenField()


class ForgottenForm(Form):
    """Where to send a one-time link."""

    email = EmailField(lazy_gettext("E-mail address"), [required(), at_most(254)])


class UseLinkForm(Form):
    """The button that uses a one-time link up (opening it does not: mail scanners open links)."""


class AccountForm(Form):
    """One's own language and, if wanted, a new password."""

    locale = SelectField(
        lazy_gettext("Language"), choices=[SelectChoice(*named) for named in LOCALES.items()]
    )
    password = PasswordField(lazy_gettext("New password"), [at_most(200)])


class PersonForm(Form):
    """Somebody who has a part in the Day."""

    seen = HiddenField()
    full_name = StringField(lazy_gettext("Name"), [required(), at_most(200)])
    position_vi = StringField(lazy_gettext("Office in Vietnamese"), [at_most(300)])
    position_en = StringField(lazy_gettext("Office in English"), [at_most(300)])
    position_hi = StringField(lazy_gettext("Office in Hindi"), [at_most(300)])
    organisation = SelectField(lazy_gettext("Organisation"), coerce=str)
    email = EmailField(
        lazy_gettext("E-mail address"),
        [
            Optional(),
            at_most(254),
            Regexp(r"[^@\s]+@[^@\s]+$", message=lazy_gettext("Write the whole address.")),
        ],
        description=lazy_gettext("Where they are reminded and told of changes; never shown in public."),
    )
    locale = SelectField(
        lazy_gettext("Language of letters to them"),
        choices=[SelectChoice(*named) for named in LOCALES.items()],
    )

    def offer(self, organisations: Sequence[tuple[str, str]]) -> None:
        """Offer these organisations, as (id, name)."""
        self.organisation.choices = [
            SelectChoice("", gettext("None")),
            *(SelectChoice(value, name) for value, name in organisations),
        ]
