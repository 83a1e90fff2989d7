"""The shape of an edition's page."""

from email_validator import EmailNotValidError, validate_email
from wtforms import DateField, DateTimeLocalField, EmailField, Field, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional, ValidationError

from dxday.core.i18n import gettext, lazy_gettext
from dxday.web.forms import Form, at_most, required

_GIVE_DATE = lazy_gettext("Give a date.")


class MailAddress:
    """Refuse what no mail could reach; keep the address in its usual spelling.  Nothing is looked up."""

    def __call__(self, form: Form, field: Field) -> None:
        """Raise ValidationError for a malformed address; none at all is fine."""
        if not field.data:
            return
        try:
            field.data = validate_email(field.data, check_deliverability=False).normalized
        except EmailNotValidError as error:
            raise ValidationError(gettext("Write an e-mail address such as name@example.org.")) from error


class EditionForm(Form):
    """Theme, words and dates of an edition; clock times are those of the edition's time zone."""

    version = HiddenField()
    name_vi = StringField(lazy_gettext("Name in Vietnamese"), [required(), at_most(200)])
    name_en = StringField(lazy_gettext("Name in English"), [at_most(200)])
    name_hi = StringField(lazy_gettext("Name in Hindi"), [at_most(200)])
    theme_vi = StringField(lazy_gettext("Theme in Vietnamese"), [at_most(400)])
    theme_en = StringField(lazy_gettext("Theme in English"), [at_most(400)])
    theme_hi = StringField(lazy_gettext("Theme in Hindi"), [at_most(400)])
    summary_vi = TextAreaField(lazy_gettext("Summary in Vietnamese"), [at_most(2000)])
    summary_en = TextAreaField(lazy_gettext("Summary in English"), [at_most(2000)])
    summary_hi = TextAreaField(lazy_gettext("Summary in Hindi"), [at_most(2000)])
    starts_on = DateField(lazy_gettext("First day"), [InputRequired(_GIVE_DATE)])
    ends_on = DateField(lazy_gettext("Last day"), [InputRequired(_GIVE_DATE)])
    ceremony_on = DateField(lazy_gettext("Day of the ceremony"), [Optional()])
    registration_opens_at = DateTimeLocalField(lazy_gettext("Registration opens"), [Optional()])
    registration_closes_at = DateTimeLocalField(lazy_gettext("Registration closes"), [Optional()])
    nominations_open_at = DateTimeLocalField(lazy_gettext("Nominations open"), [Optional()])
    nominations_close_at = DateTimeLocalField(lazy_gettext("Nominations close"), [Optional()])
    contact_email = EmailField(lazy_gettext("Address for questions"), [at_most(254), MailAddress()])
