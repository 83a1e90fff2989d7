"""The shape of a ballot's forms: a vote on each nomination, who sent one in writing, and reasons."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wtforms import (
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from dxday.ballots import rules
from dxday.ballots.models import BallotItem, BallotSeat
from dxday.ballots.rules import CHOICE_NAMES, Choice
from dxday.core.i18n import lazy_gettext
from dxday.schemes.models import Scheme
from dxday.web.filters import text
from dxday.web.forms import Form, at_most, required

NOT_ON_PAPER = "not_on_paper"


class PrepareForm(Form):
    """The scheme of a new ballot."""

    scheme = SelectField(lazy_gettext("Scheme"), [required()], validate_choice=False)

    def offer(self, schemes: Iterable[Scheme]) -> None:
        """Offer the schemes that a ballot decides."""
        self.scheme.choices = [SelectChoice(scheme.code, text(scheme.name)) for scheme in schemes]


class ReasonForm(Form):
    """Why a round or a ballot counts for nothing."""

    reason = TextAreaField(
        lazy_gettext("Reason"), [DataRequired(rules.ReasonMissing.sentence), at_most(2000)]
    )


class ActForm(Form):
    """Only the token."""


class WrittenForm(Form):
    """Of whom written votes came."""

    members = SelectMultipleField(
        lazy_gettext("Of whom did a written vote come?"),
        [InputRequired(lazy_gettext("Tick who sent a written vote."))],
        coerce=str,
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )

    def offer(self, seats: Iterable[BallotSeat]) -> None:
        """Offer the members of whom no vote came yet."""
        self.members.choices = [
            SelectChoice(str(seat.account_id), f"{seat.full_name}, {text(seat.title)}") for seat in seats
        ]


class VotesForm(Form):
    """A vote on each nomination; its fields are added by `votes_form`."""

    receipt = HiddenField()

    def votes(self) -> dict[str, Choice]:
        """Return the votes by the codes of the nominations; what is not on the paper is left out."""
        return {
            name.removeprefix("vote_"): Choice(field.data)
            for name, field in self._fields.items()
            if name.startswith("vote_") and field.data != NOT_ON_PAPER
        }


class ReceiptForm(Form):
    """The receipt of a vote."""

    receipt = StringField(
        lazy_gettext("Your receipt"), [DataRequired(rules.ReceiptInvalid.sentence), at_most(60)]
    )


class MinutesForm(Form):
    """What minutes say beyond what the ballot knows."""

    number = StringField(lazy_gettext("Number of the minutes"), [at_most(60)])
    place = StringField(lazy_gettext("Place"), [required(), at_most(100)])
    chaired_by = StringField(lazy_gettext("Name of the chair"), [required(), at_most(200)])
    written_by = StringField(lazy_gettext("Name of the secretary"), [required(), at_most(200)])
    remarks = TextAreaField(
        lazy_gettext("What else the minutes say"),
        [at_most(5000)],
        description=lazy_gettext("In Vietnamese: the minutes are. Each line becomes a paragraph."),
    )


def votes_form(
    items: Sequence[BallotItem],
    *,
    on_paper: bool = False,
    senders: Iterable[BallotSeat] | None = None,
    data: Mapping[str, Any] | None = None,
) -> VotesForm:
    """Return a form with a question for each nomination.

    On paper some may not be there, since its sender keeps away from them; with `senders` the form asks whose it is.
    """
    choices = [SelectChoice(each.value, CHOICE_NAMES[each]) for each in Choice]
    fields: dict[str, Any] = {}
    if senders is not None:
        named = [
            SelectChoice(str(seat.account_id), f"{seat.full_name}, {text(seat.title)}") for seat in senders
        ]
        fields["sender"] = SelectField(lazy_gettext("Whose vote is it?"), [required()], choices=named)
    for item in items:
        fields[f"vote_{item.code}"] = RadioField(
            item.nominee_name,
            [] if on_paper else [InputRequired(lazy_gettext("Choose one of the three."))],
            choices=[*choices, SelectChoice(NOT_ON_PAPER, lazy_gettext("Not on this paper"))]
            if on_paper
            else choices,
            default=NOT_ON_PAPER if on_paper else None,
            description=text(item.organisation_name),
        )
    return type("BallotVotesForm", (VotesForm,), fields)(data=data)
