"""The shape of a comment, of publishing a list, and of dealing with a comment."""

import re
from uuid import UUID, uuid4

from wtforms import BooleanField, EmailField, HiddenField, RadioField, StringField, TelField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, Optional, ValidationError

from dxday.consultation import rules
from dxday.consultation.rules import MOST_REPLY, OUTCOME_NAMES, Outcome, Signature
from dxday.core.i18n import gettext, lazy_gettext
from dxday.web.forms import Form, at_most

_NOT_AN_ADDRESS = lazy_gettext("Write an e-mail address like name@example.org.")


def _telephone(form: Form, field: TelField) -> None:
    """Refuse what nobody can ring; any way of writing a number is fine, also of a line in a house."""
    if field.data and not re.fullmatch(r"[+(]?[0-9][0-9 .()/\-]{6,28}", field.data):
        raise ValidationError(gettext("Write a telephone number such as 0912 345 678."))


class CommentForm(Form):
    """A comment with who stands by it.  What must be given depends on the scheme, and the service asks for it."""

    guid = HiddenField()
    text = TextAreaField(lazy_gettext("Your comment"))
    full_name = StringField(lazy_gettext("Full name"), [at_most(200)])
    phone = TelField(lazy_gettext("Telephone number"), [at_most(30), _telephone])
    email = EmailField(lazy_gettext("E-mail address"), [Optional(), at_most(254), Email(_NOT_AN_ADDRESS)])
    home = StringField(lazy_gettext("Postal address"), [at_most(300)])
    signed = BooleanField(lazy_gettext("I stand by this comment with my name."))

    def __init__(self, *args: object, **options: object) -> None:
        """Give an empty form the mark by which it is known when it is sent twice."""
        super().__init__(*args, **options)
        if not _is_guid(self.guid.data):
            self.guid.data = str(uuid4())

    @property
    def key(self) -> UUID:
        """The guid of the form."""
        return UUID(self.guid.data)

    @property
    def signature(self) -> Signature:
        """Who stands by the comment."""
        return Signature(
            self.full_name.data or "",
            self.phone.data or "",
            self.email.data or "",
            self.home.data or "",
            bool(self.signed.data),
        )


class ReceiptForm(Form):
    """A receipt that somebody types."""

    code = StringField(
        lazy_gettext("Receipt"), [DataRequired(lazy_gettext("Write the receipt.")), at_most(60)]
    )


class PublishForm(Form):
    """A list as the secretary saw it."""

    seen = HiddenField()
    reason = TextAreaField(lazy_gettext("What is corrected, and why?"), [at_most(MOST_REPLY)])


class PolicyForm(Form):
    """The button that lets comments without a name in, or asks for one again."""

    anonymous = BooleanField()


class DisposeForm(Form):
    """What became of a comment."""

    outcome = RadioField(
        lazy_gettext("Outcome"),
        [DataRequired(lazy_gettext("Choose what you found."))],
        choices=[SelectChoice(outcome.value, name) for outcome, name in OUTCOME_NAMES.items()],
        validate_choice=False,
    )
    reason = TextAreaField(
        lazy_gettext("Reason"), [DataRequired(rules.ReasonMissing.sentence), at_most(MOST_REPLY)]
    )
    reply = TextAreaField(lazy_gettext("Answer to the commenter"), [at_most(MOST_REPLY)])

    def validate_outcome(self, field: RadioField) -> None:
        """Refuse an outcome that there is not."""
        if field.data not in set(Outcome):
            raise ValidationError(gettext("Choose what you found."))


def _is_guid(written: str | None) -> bool:
    try:
        UUID(written or "")
    except ValueError:
        return False
    return True
