"""What is typed on the pages of reminders."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wtforms import (
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from dxday.core.i18n import Words, lazy_gettext
from dxday.notifications.rules import Channel
from dxday.reminders.rules import NAME_LENGTH, Direction, LateJoiners, Unit
from dxday.web.forms import Form, at_most, required, translations

LONGEST_SUBJECT = 200
LONGEST_BODY = 8000
OWN_LANGUAGE = "own"
NOT_A_TIME = lazy_gettext("Write the time as in 08:30.")
NOT_OFFERED = lazy_gettext("This is not on offer any more. Choose another answer.")

UNIT_NAMES: dict[Unit, Words] = {
    Unit.HOURS: lazy_gettext("hours"),
    Unit.DAYS: lazy_gettext("days"),
    Unit.WORKING_DAYS: lazy_gettext("working days"),
}
DIRECTION_NAMES: dict[Direction, Words] = {
    Direction.BEFORE: lazy_gettext("before"),
    Direction.AFTER: lazy_gettext("after"),
}
LATE_NAMES: dict[LateJoiners, Words] = {
    LateJoiners.SKIP: lazy_gettext("They get nothing: what they were sent when they joined says it all"),
    LateJoiners.TELL: lazy_gettext("They get it soon after they join, as long as it is still ahead"),
}
CHANNEL_NAMES: dict[Channel, Words] = {
    Channel.MAIL: lazy_gettext("E-mail"),
    Channel.SMS: lazy_gettext("Text message"),
}
LANGUAGE_NAMES: dict[str, Words] = {
    OWN_LANGUAGE: lazy_gettext("Each person's own language"),
    "vi": lazy_gettext("Vietnamese for everybody"),
    "en": lazy_gettext("English for everybody"),
    "hi": lazy_gettext("Hindi for everybody"),
}

OfferedFilter = tuple[str, Words, Sequence[tuple[str, Words]]]
"""Name, label, and the values with their labels."""


def _choices(names: Mapping[Any, Words] | Iterable[tuple[Any, Words]]) -> list[SelectChoice]:
    pairs = names.items() if isinstance(names, Mapping) else names
    return [SelectChoice(str(value), label) for value, label in pairs]


class CheckboxList(SelectMultipleField):
    """Several of some choices, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RuleForm(Form):
    """A reminder rule: of what, when, how and in which words.  `offering` adds what depends on the audience."""

    version = HiddenField()
    name = StringField(
        lazy_gettext("Name of the reminder"),
        [required(), at_most(NAME_LENGTH)],
        description=lazy_gettext("Only organizers see it. It stands in the lists."),
    )
    moment = RadioField(
        lazy_gettext("Counted from"), [required()], coerce=str, invalid_choice_message=NOT_OFFERED
    )
    amount = IntegerField(
        lazy_gettext("How many"),
        [required()],
        invalid_value_message=lazy_gettext("Write a whole number, as in 1."),
    )
    unit = SelectField(lazy_gettext("Hours or days"), choices=_choices(UNIT_NAMES))
    direction = SelectField(lazy_gettext("Before or after"), choices=_choices(DIRECTION_NAMES))
    at_time = TimeField(lazy_gettext("At what time of day"), [Optional()], invalid_value_message=NOT_A_TIME)
    late_joiners = RadioField(
        lazy_gettext("Whoever joins when it has left already"), choices=_choices(LATE_NAMES)
    )
    quiet_from = TimeField(lazy_gettext("Quiet from"), [Optional()], invalid_value_message=NOT_A_TIME)
    quiet_until = TimeField(lazy_gettext("Quiet until"), [Optional()], invalid_value_message=NOT_A_TIME)
    locale = RadioField(lazy_gettext("Language"), choices=_choices(LANGUAGE_NAMES))
    channel = RadioField(lazy_gettext("How it travels"), choices=_choices(CHANNEL_NAMES))
    subject_vi = StringField(lazy_gettext("Subject in Vietnamese"), [at_most(LONGEST_SUBJECT)])
    body_vi = TextAreaField(lazy_gettext("Words in Vietnamese"), [at_most(LONGEST_BODY)])
    subject_en = StringField(lazy_gettext("Subject in English"), [at_most(LONGEST_SUBJECT)])
    body_en = TextAreaField(lazy_gettext("Words in English"), [at_most(LONGEST_BODY)])
    subject_hi = StringField(lazy_gettext("Subject in Hindi"), [at_most(LONGEST_SUBJECT)])
    body_hi = TextAreaField(lazy_gettext("Words in Hindi"), [at_most(LONGEST_BODY)])

    narrowing: tuple[str, ...] = ()
    """The names of the audience's filters."""

    @classmethod
    def offering(cls, filters: Sequence[OfferedFilter]) -> type["RuleForm"]:
        """Return the form with a list of boxes for each filter that has something to choose."""
        offered = [(name, label, choices) for name, label, choices in filters if choices]
        boxes = {
            f"filter_{name}": CheckboxList(
                label, choices=_choices(choices), invalid_choice_message=NOT_OFFERED
            )
            for name, label, choices in offered
        }
        return type("OfferedRuleForm", (cls,), {**boxes, "narrowing": tuple(each[0] for each in offered)})

    def __init__(
        self, *args: Any, moments: Sequence[tuple[str, Words]], has_sms: bool, **options: Any
    ) -> None:
        """Offer these moments; how it travels is asked only where text messages are set up."""
        super().__init__(*args, **options)
        self.moment.choices = _choices(moments)
        if not has_sms:
            del self.channel

    @property
    def filters(self) -> dict[str, list[str]]:
        """The values ticked, by filter; what has none is no filter."""
        given = {name: sorted(self[f"filter_{name}"].data or []) for name in self.narrowing}
        return {name: values for name, values in given.items() if values}

    def answers(self) -> dict[str, Any]:
        """Return what was answered, by the columns of a rule."""
        bodies = translations(self, "body")
        return {
            "name": " ".join(self.name.data.split()),
            "moment": self.moment.data,
            "filters": self.filters,
            "amount": self.amount.data,
            "unit": Unit(self.unit.data),
            "direction": Direction(self.direction.data),
            "at_time": None if self.unit.data == Unit.HOURS else self.at_time.data,
            "quiet_from": self.quiet_from.data,
            "quiet_until": self.quiet_until.data,
            "late_joiners": LateJoiners(self.late_joiners.data),
            **({"channel": Channel(self.channel.data)} if "channel" in self else {}),
            "locale": None if self.locale.data == OWN_LANGUAGE else self.locale.data,
            "subject": translations(self, "subject") or None,
            "body": {code: words.replace("\r\n", "\n") for code, words in bodies.items()} or None,
        }


class ActForm(Form):
    """A button under a rule; `version` is what the person had before them."""

    version = HiddenField()


class TrialForm(Form):
    """A letter to oneself, to see what it looks like."""

    language = HiddenField()


class CopyForm(Form):
    """The edition whose rules are copied."""

    edition = RadioField(
        lazy_gettext("From which edition?"), [required()], coerce=str, invalid_choice_message=NOT_OFFERED
    )

    def __init__(self, *args: Any, editions: Sequence[tuple[str, str]], **options: Any) -> None:
        """Offer these editions: code and name."""
        super().__init__(*args, **options)
        self.edition.choices = _choices(editions)
