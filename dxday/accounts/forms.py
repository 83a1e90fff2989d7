"""Signing in and choosing a password."""

from wtforms import EmailField, HiddenField, PasswordField, SelectField
from wtforms.fields.choices import SelectChoice

from dxday.core.i18n import LOCALES, lazy_gettext
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
