"""Why a finding may stand, levels and limits, ways between sites, and times of availability."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from wtforms import (
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional

from dxday.accounts.models import Person
from dxday.conflicts import checks
from dxday.conflicts.facts import Of
from dxday.conflicts.rules import LEVEL_NAMES, RULES, Level, Limits, level_of
from dxday.core.i18n import lazy_gettext
from dxday.sites.models import Site
from dxday.web.filters import text
from dxday.web.forms import Form, at, at_most, possible_day, required

__all__ = ["AvailabilityForm", "OverrideForm", "RulesForm", "checks", "travel_form"]

LONGEST_REASON = 500
LONGEST_NOTE = 200
DAY = 24 * 60
MOST = 10_000
NOT_A_NUMBER = lazy_gettext("Write a whole number.")
NOT_A_TIME = lazy_gettext("Write the time as in 08:30.")
NOT_A_DAY = lazy_gettext("Write the day as in 10/10/2026.")
NOT_OFFERED = lazy_gettext("This is not on offer any more. Choose another answer.")


class _Between(NumberRange):
    """Refuse a number that is too small or too large; what is no number has its error already."""

    def __call__(self, form: Any, field: Any) -> None:
        if field.data is not None:
            super().__call__(form, field)


def _between(least: int, most: int) -> _Between:
    return _Between(least, most, message=lazy_gettext("Write a number from %(min)d to %(max)d."))


class OverrideForm(Form):
    """Why a finding may stand."""

    reason = StringField(
        lazy_gettext("It may stand, because"),
        [required(), at_most(LONGEST_REASON)],
        description=lazy_gettext(
            "The reason is kept with your name, and everybody who plans the Day reads it."
        ),
    )


class LimitsForm(Form):
    """Usual times and limits of an edition."""

    version = HiddenField()
    turnaround = IntegerField(
        lazy_gettext("Minutes between two sessions in one room"),
        [required(), _between(0, DAY)],
        description=lazy_gettext("Where the room itself says nothing else."),
        invalid_value_message=NOT_A_NUMBER,
    )
    travel = IntegerField(
        lazy_gettext("Minutes from one site to another"),
        [required(), _between(0, DAY)],
        description=lazy_gettext("Where nothing is entered for the two sites."),
        invalid_value_message=NOT_A_NUMBER,
    )
    licences = IntegerField(
        lazy_gettext("Licences for video conferences"),
        [Optional(), _between(0, MOST)],
        description=lazy_gettext("How many can run at the same time. Leave it empty when there is no limit."),
        invalid_value_message=NOT_A_NUMBER,
    )
    interpreters = IntegerField(
        lazy_gettext("Interpreters"),
        [Optional(), _between(0, MOST)],
        description=lazy_gettext(
            "How many sites can be interpreted for at the same time. Leave it empty when there is no limit."
        ),
        invalid_value_message=NOT_A_NUMBER,
    )

    @property
    def limits(self) -> Limits:
        """What was answered."""
        return Limits(
            timedelta(minutes=self.turnaround.data or 0),
            timedelta(minutes=self.travel.data or 0),
            self.licences.data,
            self.interpreters.data,
        )


def _field_of(code: str) -> str:
    return f"level_{code.replace('-', '_')}"


class _RulesForm(LimitsForm):
    @property
    def levels(self) -> dict[str, Level]:
        """The level chosen for every rule."""
        return {code: Level(self[_field_of(code)].data) for code in RULES}

    @property
    def level_fields(self) -> list[Any]:
        """The questions for the level of each rule, in the order of the rules."""
        return [(self[_field_of(code)], rule) for code, rule in RULES.items()]


RulesForm = type(
    "RulesForm",
    (_RulesForm,),
    {
        "__doc__": "Usual times, limits, and the level of every rule.",
        **{
            _field_of(code): SelectField(
                rule.name,
                choices=[SelectChoice(level.value, LEVEL_NAMES[level]) for level in Level],
                invalid_choice_message=NOT_OFFERED,
            )
            for code, rule in RULES.items()
        },
    },
)


def rules_answers(limits: Limits, levels: dict[str, Level], version: int) -> dict[str, Any]:
    """Return what the edition says, as the form shows it."""
    return {
        "version": version,
        "turnaround": _minutes(limits.turnaround),
        "travel": _minutes(limits.travel),
        "licences": limits.licences,
        "interpreters": limits.interpreters,
        **{_field_of(code): level_of(rule, levels).value for code, rule in RULES.items()},
    }


def _minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)


class _TravelForm(Form):
    def lengths(self, sites: Sequence[Site]) -> dict[int, timedelta | None]:
        """How long it takes to each of these sites; None where nothing was answered."""
        minutes = {site.id: self[f"to_{site.id}"].data for site in sites}
        return {
            site_id: None if found is None else timedelta(minutes=found) for site_id, found in minutes.items()
        }


def travel_form(sites: Sequence[Site]) -> type[_TravelForm]:
    """Return the form that asks for the minutes to each of these sites."""
    return type(
        "TravelForm",
        (_TravelForm,),
        {
            f"to_{site.id}": IntegerField(
                text(site.name), [Optional(), _between(0, DAY)], invalid_value_message=NOT_A_NUMBER
            )
            for site in sites
        },
    )


class AvailabilityForm(Form):
    """A time in which somebody or something can be had, or cannot."""

    thing = SelectField(
        lazy_gettext("Who or what"), [required()], coerce=str, invalid_choice_message=NOT_OFFERED
    )
    says = RadioField(
        lazy_gettext("In this time"),
        [required()],
        choices=[
            SelectChoice("no", lazy_gettext("they cannot come, or it cannot be used")),
            SelectChoice(
                "yes", lazy_gettext("they can come, or it can be used; and not at times that nobody entered")
            ),
        ],
        default="no",
    )
    first_day = DateField(
        lazy_gettext("First day"), [required(), possible_day], invalid_value_message=NOT_A_DAY
    )
    begins = TimeField(lazy_gettext("Begins at"), [required()], invalid_value_message=NOT_A_TIME)
    last_day = DateField(
        lazy_gettext("Last day"), [required(), possible_day], invalid_value_message=NOT_A_DAY
    )
    ends = TimeField(lazy_gettext("Ends at"), [required()], invalid_value_message=NOT_A_TIME)
    note = StringField(
        lazy_gettext("Remark"),
        [at_most(LONGEST_NOTE)],
        description=lazy_gettext("What it is, such as a flight or works in the hall. Findings repeat it."),
    )

    def __init__(self, *args: Any, people: Sequence[Person], sites: Sequence[Site], **options: Any) -> None:
        """Offer these people, and these sites with their rooms."""
        super().__init__(*args, **options)
        self.thing.choices = [
            SelectChoice("", _("Choose")),
            *(
                SelectChoice(f"{Of.PERSON}:{person.id}", person.full_name, optgroup=_("People"))
                for person in people
            ),
            *(SelectChoice(f"{Of.SITE}:{site.id}", text(site.name), optgroup=_("Sites")) for site in sites),
            *(
                SelectChoice(
                    f"{Of.ROOM}:{room.id}", f"{text(room.name)}, {text(site.name)}", optgroup=_("Rooms")
                )
                for site in sites
                for room in site.rooms
            ),
        ]

    @property
    def of(self) -> tuple[Of, int]:
        """Who or what it is of."""
        kind, _colon, number = self.thing.data.partition(":")
        return Of(kind), int(number)

    @property
    def starts_at(self) -> datetime:
        """When it begins."""
        return at(self.first_day.data, self.begins.data)

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return at(self.last_day.data, self.ends.data)
