"""The three questions of registration, changing a place, and opening seats."""

from email_validator import EmailNotValidError, validate_email
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TelField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation, ValidationError

from dxday.core.i18n import Words, gettext, lazy_gettext
from dxday.core.phones import read_phone
from dxday.registration.rules import NAME_LENGTH, SEAT_MODE_NAMES, clean_name
from dxday.web.forms import Form, at_most

MOST_SEATS = 1_000_000


class MailAddress:
    """Refuse what no mail could reach; keep the address in its usual spelling.  Nothing is looked up."""

    field_flags = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Raise ValidationError for a malformed address."""
        try:
            field.data = validate_email(field.data or "", check_deliverability=False).normalized
        except EmailNotValidError as error:
            raise ValidationError(gettext("Write an e-mail address such as name@example.org.")) from error


class MobileNumber:
    """Keep a mobile number in the one form that gateways take; refuse what takes no text messages."""

    def __call__(self, form: Form, field: Field) -> None:
        """Raise ValidationError for what is no mobile number; an empty answer is None."""
        if not field.data:
            field.data = None
            return
        number = read_phone(field.data)
        if number is None:
            raise ValidationError(
                gettext("Write a mobile number such as 0912 345 678. One of another country begins with +.")
            )
        field.data = number


class Name:
    """Keep a name in its usual spelling; refuse one that is nothing but blanks and control characters."""

    def __init__(self, *, needed: Words | None) -> None:
        """Take the sentence that refuses an empty name; None lets it pass."""
        self.needed = needed
        self.field_flags = {"required": True} if needed else {}

    def __call__(self, form: Form, field: Field) -> None:
        """Raise ValidationError for an empty name that is needed."""
        field.data = clean_name(field.data or "")
        if self.needed and not field.data:
            raise ValidationError(self.needed)


class SeatCount:
    """Refuse what is no number of seats, in one sentence for letters, negative and absurd numbers."""

    field_flags = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Raise StopValidation unless the answer is a whole number from 0 to MOST_SEATS."""
        if field.data is None or not 0 <= field.data <= MOST_SEATS:
            field.errors = []
            raise StopValidation(gettext("Write a whole number from 0 to %(most)d.", most=MOST_SEATS))


class Chosen:
    """Refuse a question of one choice that was left open."""

    field_flags = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Raise StopValidation when nothing was chosen, or nothing that is in the list."""
        if field.data is None:
            field.errors = []
            raise StopValidation(gettext("Choose where you will take part."))


class PlaceForm(Form):
    """Where and how somebody takes part: one choice among the seat pools."""

    pool = RadioField(
        lazy_gettext("Where will you take part?"), [Chosen()], choices=[], coerce=int, validate_choice=False
    )

    def offer(self, pools: list[tuple[int, str]]) -> None:
        """Offer pools as (id, label)."""
        self.pool.choices = [SelectChoice(str(number), label) for number, label in pools]


class WhoForm(Form):
    """Who comes."""

    full_name = StringField(
        lazy_gettext("Full name"), [at_most(NAME_LENGTH), Name(needed=lazy_gettext("Write your full name."))]
    )
    email = EmailField(lazy_gettext("E-mail address"), [at_most(254), MailAddress()])
    organisation_name = StringField(lazy_gettext("Organisation"), [at_most(NAME_LENGTH), Name(needed=None)])
    phone = TelField(lazy_gettext("Mobile number"), [at_most(40), MobileNumber()])


class ConsentForm(Form):
    """The consent, which the law wants given by an act of its own."""

    consent = BooleanField(lazy_gettext("I agree that my registration is kept and used in this way."))


class CancelForm(Form):
    """The button that gives a place back."""


class PhoneForm(Form):
    """The button that deletes a telephone number."""


class ExportForm(Form):
    """The button that exports."""


class SeatsForm(Form):
    """How many seats a site has in one mode."""

    site = SelectField(lazy_gettext("Site"), choices=[])
    mode = SelectField(
        lazy_gettext("How people take part"),
        choices=[SelectChoice(mode.value, name) for mode, name in SEAT_MODE_NAMES.items()],
    )
    capacity = IntegerField(lazy_gettext("Seats"), [SeatCount()])

    def offer(self, sites: list[tuple[str, str]]) -> None:
        """Offer sites as (code, name)."""
        self.site.choices = [SelectChoice(code, name) for code, name in sites]
