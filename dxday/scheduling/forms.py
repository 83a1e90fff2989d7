"""Asking for a search."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from wtforms import BooleanField, DateField, HiddenField, IntegerField, RadioField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional

from dxday.conflicts.facts import Of
from dxday.core.i18n import Words, lazy_gettext
from dxday.scheduling import rules
from dxday.scheduling.rules import TASK_NAMES, TASK_NOTES, Closure, Task, Wish
from dxday.web.forms import Form, at, possible_day, required

_NOT_A_TIME = lazy_gettext("Write the time as in 08:30.")
_NOT_A_DAY = lazy_gettext("Write the day as in 10/10/2026.")

Things = Sequence[tuple[str, Words]]
"""What may not be had, as `room:5`, and what it is called."""


class SearchForm(Form):
    """What the solver is to do, within which hours, and for how long it may think."""

    guid = HiddenField()
    task = RadioField(
        lazy_gettext("What is it to do?"), choices=[SelectChoice(t.value, TASK_NAMES[t]) for t in Task]
    )
    keep_published = BooleanField(lazy_gettext("Leave what is published where it is"))
    opens = TimeField(lazy_gettext("Nothing begins before"), [required()], invalid_value_message=_NOT_A_TIME)
    closes = TimeField(lazy_gettext("Nothing ends after"), [required()], invalid_value_message=_NOT_A_TIME)
    seconds = IntegerField(
        lazy_gettext("Seconds to think"),
        [
            NumberRange(
                rules.SHORTEST, rules.LONGEST, message=lazy_gettext("Give %(min)s to %(max)s seconds.")
            )
        ],
        invalid_value_message=lazy_gettext("Write a whole number of seconds."),
    )
    what = SelectField(lazy_gettext("What cannot be had?"), validators=[Optional()])
    from_day = DateField(
        lazy_gettext("From: day"), [Optional(), possible_day], invalid_value_message=_NOT_A_DAY
    )
    from_time = TimeField(lazy_gettext("From: time"), [Optional()], invalid_value_message=_NOT_A_TIME)
    to_day = DateField(lazy_gettext("To: day"), [Optional(), possible_day], invalid_value_message=_NOT_A_DAY)
    to_time = TimeField(lazy_gettext("To: time"), [Optional()], invalid_value_message=_NOT_A_TIME)

    def __init__(self, *, things: Things, **given: object) -> None:
        """Offer these things as what cannot be had."""
        super().__init__(**given)
        self.what.choices = [
            SelectChoice("", lazy_gettext("Choose…")),
            *(SelectChoice(value, name) for value, name in things),
        ]
        if not self.guid.data:
            self.guid.data = str(uuid4())

    @property
    def notes(self) -> dict[str, Words]:
        """What each task means."""
        return {task.value: TASK_NOTES[task] for task in Task}

    @property
    def search_guid(self) -> UUID:
        """What makes the same form sent twice one search."""
        try:
            return UUID(self.guid.data or "")
        except ValueError:
            return uuid4()

    def wish(self) -> Wish:
        """Return what is asked.  Raises NothingGiven for a repair that does not say from when to when."""
        task = Task(self.task.data)
        return Wish(
            task,
            self.seconds.data or rules.USUAL,
            bool(self.keep_published.data),
            self.opens.data,
            self.closes.data,
            (self._closure(),) if task is Task.REPAIR else (),
        )

    def _closure(self) -> Closure:
        given = (self.what.data, self.from_day.data, self.from_time.data, self.to_day.data, self.to_time.data)
        if any(each in (None, "") for each in given):
            raise rules.NothingGiven
        kind, _, number = self.what.data.partition(":")
        starts_at, ends_at = (
            at(self.from_day.data, self.from_time.data),
            at(self.to_day.data, self.to_time.data),
        )
        if ends_at <= starts_at:
            raise rules.NothingGiven
        return Closure(Of(kind), int(number), starts_at, ends_at)
