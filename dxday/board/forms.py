"""What the board sends: a change as JSON in a form with its token; and the form that does the same without scripts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from wtforms import DateField, HiddenField, IntegerField, SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange

from dxday.board import rules
from dxday.core.errors import Refusal
from dxday.core.i18n import lazy_gettext
from dxday.programme.arranging import TakenOff, Wanted, ids_of
from dxday.programme.forms import (
    LONGEST_REASON,
    NOT_A_TIME,
    NOT_OFFERED,
    OverridingForm,
    room_choices,
    room_label,
)
from dxday.sites.models import Site
from dxday.web.filters import zone
from dxday.web.forms import Form, at_most, required

LONGEST_CHANGE = 500_000
_MOST = 10**15
_YEARS = range(1900, 3000)
"""Others may lead out of what a calendar holds."""


@dataclass(frozen=True)
class Sent:
    """A change that the board sent."""

    wanted: list[Wanted]
    off: list[TakenOff]
    seen: dict[int, Any]
    """How the person saw each session, by its id."""

    @property
    def session_ids(self) -> set[int]:
        """The sessions that it is about."""
        return ids_of(self.wanted, self.off)


class ChangesForm(Form):
    """One act on the board: what is to be where, as JSON, and perhaps why although it clashes."""

    changes = HiddenField(validators=[required(), at_most(LONGEST_CHANGE)])
    override_reason = StringField(validators=[at_most(LONGEST_REASON)])

    def read(self) -> Sent:
        """Return what is wanted.  Raises NotReadable, TooManyAtOnce."""
        try:
            given = json.loads(self.changes.data or "")
            day = date.fromisoformat(given["day"])
            items = list(given["changes"])
            if day.year not in _YEARS:
                raise ValueError(f"no year of an edition: {day}")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise rules.NotReadable from error
        if not items:
            raise rules.NotReadable
        if len(items) > rules.MOST_AT_ONCE:
            raise rules.TooManyAtOnce
        sent = Sent([], [], {})
        for item in items:
            try:
                session_id, seen = _number(item["session"]), _number(item["version"])
                sent.seen[session_id] = item.get("seen")
                if item.get("off"):
                    sent.off.append(TakenOff(session_id, seen))
                    continue
                start, end = _minutes(item["start"]), _minutes(item["end"])
                sent.wanted.append(
                    Wanted(
                        session_id,
                        seen,
                        _number(item["placement"]) if item.get("placement") is not None else None,
                        _moment(day, start),
                        _moment(day, end),
                        _number(item["room"]) if item.get("room") is not None else None,
                    )
                )
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise rules.NotReadable from error
        return sent


def _number(value: Any) -> int:
    """Return the number of a row or version.  Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST:
        raise ValueError(f"no number of a row: {value!r}")
    return value


def _minutes(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 60 * 24 * 400:
        raise ValueError(f"no minutes of a day: {value!r}")
    return value


def _moment(day: date, minutes: int) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone()) + timedelta(minutes=minutes)


class MoveForm(OverridingForm):
    """Where and when a session is to be at one site."""

    version = HiddenField()
    seen = HiddenField()
    day = DateField(
        lazy_gettext("Day"),
        [required()],
        invalid_value_message=lazy_gettext("Write the day as in 10/10/2026."),
    )
    begins = TimeField(lazy_gettext("Begins"), [required()], invalid_value_message=NOT_A_TIME)
    length = IntegerField(
        lazy_gettext("Length in minutes"),
        [
            required(),
            NumberRange(1, 24 * 60, message=lazy_gettext("Write a number of minutes from 1 to 1440.")),
        ],
        invalid_value_message=lazy_gettext("Write a number of minutes from 1 to 1440."),
    )
    room = SelectField(lazy_gettext("Room"), coerce=str, invalid_choice_message=NOT_OFFERED)

    def __init__(
        self, *args: Any, rooms: Sequence[Site], one_site: bool, needs_room: bool, **options: Any
    ) -> None:
        """Offer the rooms of these sites; `one_site` when it may not go to another."""
        super().__init__(*args, **options)
        if one_site:
            none = SelectChoice("", _("Choose a room") if needs_room else _("No room"))
            self.room.choices = [
                none,
                *(SelectChoice(str(room.id), room_label(room)) for site in rooms for room in site.rooms),
            ]
        else:
            self.room.choices = room_choices(rooms)

    def refuse(self, refusal: Refusal) -> None:
        """Put the refusal beside its field; what is said of the end is said of the length, which is asked for here."""
        if refusal.field == "ends":
            refusal.field = "length"
        super().refuse(refusal)

    @property
    def room_id(self) -> int | None:
        """The room chosen, or None."""
        return int(self.room.data) if self.room.data else None
