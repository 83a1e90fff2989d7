"""The three questions of registration, changing a place, and opening seats."""

from email_validator import EmailNotValidError, validate_email
from wtforms import BooleanField, EmailField, Field, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, ValidationError

from dxday.core.i18n import gettext, lazy_gettext
from dxday.registration.rules import NAME_LENGTH, SEAT_MODE_NAMES, clean_name
from dxday.web.forms import Form, at_most, required


class MailAddress:
    """Refuse what no mail could reach; keep the address in its usual spelling.  Nothing is looked up."""

    def __call__(self, form: Form, field: Field) -> None:
        """Raise ValidationError for a malformed address."""
        try:
            field.data = validate_email(field.data or "", check_deliverability=False).normalized
        except EmailNotValidError as error:
            raise ValidationError(gettext("Write an e-mail address such as name@example.org.")) from error


class Name:
    """Keep a name in its usual spelling; refuse one that is nothing but blanks and control characters."""

    def __init__(self, *, needed: bool) -> None:
        """Say whether an empty name is refused."""
        self.needed = needed
        self.field_flags = {"required": True} if needed else {}

    def __call__(self, form: Form, field: Field) -> None:
        """Raise ValidationError for an empty name that is needed."""
        field.data = clean_name(field.data or "")
        if self.needed and not field.data:
            raise ValidationError(gettext("Answer this question."))


class PlaceForm(Form):
    """Where and how somebody takes part: one choice among the seat pools."""

    pool = RadioField(
        lazy_gettext("Where will you take part?"), [required()], coerce=int, validate_choice=False
    )

    def offer(self, pools: list[tuple[int, str, bool]]) -> None:
        """Offer pools as (id, label, has a free seat); a full one stays in sight but cannot be chosen."""
        self.pool.choices = [
            SelectChoice(str(number), label, render_kw={} if free else {"disabled": True})
            for number, label, free in pools
        ]


class WhoForm(Form):
    """Who comes."""

    full_name = StringField(lazy_gettext("Full name"), [at_most(NAME_LENGTH), Name(needed=True)])
    email = EmailField(lazy_gettext("E-mail address"), [required(), at_most(254), MailAddress()])
    organisation_name = StringField(lazy_gettext("Organisation"), [at_most(NAME_LENGTH), Name(needed=False)])


class ConsentForm(Form):
    """The consent, which the law wants given by an act of its own."""

    consent = BooleanField(lazy_gettext("I agree that my registration is kept and used in this way."))


class CancelForm(Form):
    """The button that gives a place back."""


class ExportForm(Form):
    """The button that exports."""


class SeatsForm(Form):
    """How many seats a site has in one mode."""

    site = SelectField(lazy_gettext("Site"))
    mode = SelectField(
        lazy_gettext("How people take part"),
        choices=[(mode.value, name) for mode, name in SEAT_MODE_NAMES.items()],
    )
    capacity = IntegerField(
        lazy_gettext("Seats"),
        [
            required(),
            NumberRange(
                min=0, max=1_000_000, message=lazy_gettext("Write a whole number from 0 to 1000000.")
            ),
        ],
    )
