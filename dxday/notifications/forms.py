"""What is typed on the pages of messages."""

from email_validator import EmailNotValidError, validate_email
from wtforms import EmailField, Field, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from dxday.core.i18n import gettext, lazy_gettext
from dxday.notifications.rules import SCOPE_NAMES, SuppressionScope
from dxday.notifications.templates import MOST
from dxday.web.forms import Form, at_most, required


class MailAddress:
    """Refuse what no mail could reach; nothing is looked up."""

    field_flags = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Raise StopValidation for a malformed address."""
        try:
            field.data = validate_email(field.data or "", check_deliverability=False).normalized
        except EmailNotValidError as error:
            field.errors = []
            raise StopValidation(gettext("Write an e-mail address such as name@example.org.")) from error


class SpareForm(Form):
    """An address that shall get no reminders, or nothing at all."""

    address = EmailField(lazy_gettext("E-mail address"), [at_most(254), MailAddress()])
    scope = RadioField(
        lazy_gettext("What is it spared?"),
        [required()],
        choices=[SelectChoice(scope.value, name) for scope, name in SCOPE_NAMES.items()],
        default=SuppressionScope.OPTIONAL.value,
    )
    note = StringField(lazy_gettext("Why?"), [required(), at_most(300)])


class ReleaseForm(Form):
    """Why letters may go to an address again."""

    reason = StringField(lazy_gettext("Why may letters go there again?"), [required(), at_most(300)])


class WordingForm(Form):
    """The words of a letter in one language."""

    version = HiddenField()
    subject = StringField(lazy_gettext("Subject"), [required(), at_most(MOST["subject"])])
    body = TextAreaField(lazy_gettext("Text"), [required(), at_most(MOST["body"])])


class TakeBackForm(Form):
    """Going back to the shipped words, in sight of those that are there now."""

    version = HiddenField()
