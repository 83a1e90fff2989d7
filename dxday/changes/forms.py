"""Asking what is to be postponed or cancelled, why, and whether one means it."""

from datetime import datetime

from wtforms import BooleanField, DateField, HiddenField, IntegerField, TextAreaField, TimeField
from wtforms.validators import InputRequired, NumberRange

from dxday.changes.rules import LONGEST_REASON
from dxday.core.i18n import lazy_gettext
from dxday.web.forms import Form, at, at_most, required

MOST_DAYS = 365
_GIVE_DATE = lazy_gettext("Write the day as in 10/10/2026.")
_NOT_A_TIME = lazy_gettext("Write the time as in 08:30.")
_GIVE_DAYS = lazy_gettext("Write a whole number of days, at most %(max)s.")


class ActForm(Form):
    """Why; and on the second page, what was seen and that it is meant."""

    reason_vi = TextAreaField(lazy_gettext("Reason in Vietnamese"), [required(), at_most(LONGEST_REASON)])
    reason_en = TextAreaField(lazy_gettext("Reason in English"), [at_most(LONGEST_REASON)])
    reason_hi = TextAreaField(lazy_gettext("Reason in Hindi"), [at_most(LONGEST_REASON)])
    seen = HiddenField()
    """The fingerprint of the plan on the second page; empty on the first."""
    sure = BooleanField(lazy_gettext("I have read what follows, and I mean it"))

    @property
    def is_answer(self) -> bool:
        """Whether it was sent from the second page."""
        return bool(self.seen.data)

    @property
    def questions(self) -> list[str]:
        """The names of the fields of the first page, in their order."""
        return [
            name
            for name, field in self._fields.items()
            if name not in ("csrf_token", "seen", "sure") and field
        ]


class CancelForm(ActForm):
    """To cancel it, there is nothing more to say."""


class PostponeEditionForm(ActForm):
    """On which day the edition begins instead."""

    first_day = DateField(
        lazy_gettext("New first day"), [InputRequired(_GIVE_DATE)], invalid_value_message=_GIVE_DATE
    )


class PostponeSiteForm(ActForm):
    """By how many days what is held at a site moves."""

    days = IntegerField(
        lazy_gettext("Days later"),
        [NumberRange(-MOST_DAYS, MOST_DAYS, message=_GIVE_DAYS)],
        invalid_value_message=lazy_gettext("Write a whole number of days."),
    )


class PostponeSessionForm(ActForm):
    """When a session is held instead."""

    day = DateField(lazy_gettext("Day"), [required()], invalid_value_message=_GIVE_DATE)
    begins = TimeField(lazy_gettext("Begins"), [required()], invalid_value_message=_NOT_A_TIME)
    ends = TimeField(lazy_gettext("Ends"), [required()], invalid_value_message=_NOT_A_TIME)

    @property
    def starts_at(self) -> datetime:
        """When it is to begin."""
        return at(self.day.data, self.begins.data)

    @property
    def ends_at(self) -> datetime:
        """When it is to end."""
        return at(self.day.data, self.ends.data)
