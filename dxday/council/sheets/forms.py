"""The shape of a score sheet, of moderation, and of the closing."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from wtforms import DateField, FloatField, HiddenField, RadioField, StringField, TextAreaField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from dxday.core.i18n import lazy_gettext
from dxday.council.sheets.models import Sheet
from dxday.council.sheets.rules import COMMENT_CHARACTERS, RECOMMENDATION_NAMES
from dxday.schemes.models import Criterion
from dxday.web.filters import text
from dxday.web.forms import Form, at, at_most, possible_day, required, seen_version


class SheetForm(Form):
    """A whole sheet; the fields of the criteria are added by `sheet_form`."""

    recommendation = RadioField(
        lazy_gettext("What do you recommend?"),
        [Optional()],
        choices=[SelectChoice(choice.value, word) for choice, word in RECOMMENDATION_NAMES.items()],
    )
    comment = TextAreaField(lazy_gettext("What the council should know"), [at_most(COMMENT_CHARACTERS)])

    names: tuple[str, ...] = ("recommendation", "comment")

    def written(self) -> dict[str, tuple[str, int]]:
        """Return what was written in each field, and the version that it was written over."""
        return {name: (self[name].data or "", seen_version(self[f"version-{name}"])) for name in self.names}


def sheet_form(criteria: Sequence[Criterion], sheet: Sheet | None) -> SheetForm:
    """Return the form of a sheet with the fields of its criteria, filled in with what is saved."""
    held = held_in(criteria, sheet)
    fields: dict[str, Any] = {}
    for each in criteria:
        fields[f"score_{each.id}"] = StringField(text(each.name), [at_most(9)])
        fields[f"note_{each.id}"] = TextAreaField(lazy_gettext("Why"), [at_most(COMMENT_CHARACTERS)])
    fields |= {f"version-{name}": HiddenField() for name in held}
    shape = type("SheetForm", (SheetForm,), {**fields, "names": tuple(held)})
    values = {name: value for name, (value, _) in held.items()}
    values |= {f"version-{name}": str(version) for name, (_, version) in held.items()}
    return shape(data=values)


def held_in(criteria: Sequence[Criterion], sheet: Sheet | None) -> dict[str, tuple[str, int]]:
    """Return what each field of the sheet holds, with its version; 0 for one that was never written in."""
    scores = {each.criterion_id: each for each in sheet.scores} if sheet else {}
    held: dict[str, tuple[str, int]] = {}
    for each in criteria:
        own = scores.get(each.id)
        held[f"score_{each.id}"] = (
            ("" if own.score is None else str(own.score), own.score_version) if own else ("", 0)
        )
        held[f"note_{each.id}"] = (own.comment, own.comment_version) if own else ("", 0)
    held["recommendation"] = (sheet.recommendation or "", sheet.recommendation_version) if sheet else ("", 0)
    held["comment"] = (sheet.comment, sheet.comment_version) if sheet else ("", 0)
    return held


class FieldForm(Form):
    """One field of a sheet, as the page saves it by itself."""

    field = StringField(validators=[required(), at_most(40)])
    value = TextAreaField(validators=[at_most(COMMENT_CHARACTERS)])
    version = HiddenField()


class ReasonForm(Form):
    """Why."""

    reason = TextAreaField(lazy_gettext("Reason"), [required(), at_most(2000)])


class PointsField(FloatField):
    """Points, with a comma or a point before the decimals."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number."""
        super().process_formdata([written.strip().replace(",", ".") for written in valuelist])


class ModerationForm(Form):
    """The score that was agreed on; empty: the readers' mean."""

    score = PointsField(
        lazy_gettext("Score that was agreed on"),
        [Optional()],
    )
    reason = TextAreaField(lazy_gettext("Reason"), [required(), at_most(2000)])


class ClosingForm(Form):
    """Until when there is time to score; nothing: without end."""

    day = DateField(
        lazy_gettext("Day"),
        [Optional(), possible_day],
        invalid_value_message=lazy_gettext("Write the day as in 10/10/2026."),
    )
    clock = TimeField(
        lazy_gettext("Time"),
        [Optional()],
        invalid_value_message=lazy_gettext("Write the time as in 17:00."),
    )

    def closes_at(self) -> datetime | None:
        """Return the moment; at the end of the day if there is no time."""
        if self.day.data is None:
            return None
        return at(self.day.data, self.clock.data or time(23, 59))
