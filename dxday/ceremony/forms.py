"""The shape of a ceremony, of a receiver, of a call's words and of a press summary."""

from collections.abc import Iterable
from typing import Any

from wtforms import HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired

from dxday.ceremony import rules
from dxday.ceremony.rules import FIRST_NAMES, RECEIVER_NAMES, First, Receiver
from dxday.core.i18n import lazy_gettext
from dxday.sites.models import Site
from dxday.web.filters import text
from dxday.web.forms import Form, at_most, between, required


class SetUpForm(Form):
    """How awards are called at a ceremony."""

    first = RadioField(
        lazy_gettext("Who is called first within a form of award?"),
        [InputRequired()],
        choices=[SelectChoice(each.value, name) for each, name in FIRST_NAMES.items()],
        default=First.COLLECTIVES.value,
    )
    per_call = IntegerField(
        lazy_gettext("How many are called to the stage at a time?"),
        [required(), between(1, rules.MOST_ON_STAGE)],
        default=10,
    )
    opening = TextAreaField(
        lazy_gettext("What is read out before the names"),
        [required(), at_most(rules.TEMPLATE_LENGTH)],
        default=rules.OPENING,
    )
    line = TextAreaField(
        lazy_gettext("What is read out for each"),
        [required(), at_most(rules.TEMPLATE_LENGTH)],
        default=rules.LINE,
    )


class ActForm(Form):
    """A button: only the token is checked."""


class MoveForm(Form):
    """The one form around a whole order: each of its buttons says what it does, to what."""

    do = StringField()

    @property
    def act(self) -> tuple[str, str, str]:
        """Return the act (up, down, split), the sort of thing (award, call), and its code or id."""
        act, _, rest = (self.do.data or "").partition(":")
        sort, _, name = rest.partition(":")
        return act, sort, name


class ScriptForm(Form):
    """The words of one call; `codes` are the awards for which they were shown."""

    codes = HiddenField()
    script = TextAreaField(lazy_gettext("Words of this call"), [at_most(rules.SCRIPT_LENGTH)])


class ReceiverForm(Form):
    """Who takes an award."""

    undone = HiddenField()
    receiver = RadioField(
        lazy_gettext("Who receives it?"),
        [InputRequired(lazy_gettext("Say who receives it."))],
        choices=[SelectChoice(each.value, name) for each, name in RECEIVER_NAMES.items()],
        default=Receiver.SELF.value,
    )
    representative_name = StringField(lazy_gettext("Name of the representative"), [at_most(200)])
    representative_position = StringField(lazy_gettext("Position of the representative"), [at_most(200)])


class PlaceForm(ReceiverForm):
    """Who takes an award, and at which site."""

    site = SelectField(lazy_gettext("Received at"), choices=[])

    def __init__(self, sites: Iterable[Site], **given: Any):
        """Offer the sites of the edition."""
        super().__init__(**given)
        self.site.choices = [
            SelectChoice("", lazy_gettext("Not known yet")),
            *(SelectChoice(each.code, text(each.name)) for each in sites),
        ]


class TickForm(Form):
    """The tick of one award; `undone` is how often it had been taken back when the button was shown."""

    undone = HiddenField()


class UndoForm(Form):
    """Why a tick is taken back."""

    reason = TextAreaField(
        lazy_gettext("Why is the tick taken back?"),
        [DataRequired(rules.UndoReasonMissing.sentence), at_most(500)],
    )


class SummaryForm(Form):
    """What the press shall read."""

    seen = HiddenField()
    text = TextAreaField(lazy_gettext("Words for the press"), [at_most(2000)])


class PressAnswerForm(Form):
    """What the awardee or the agency says; `seen` is the version that they had before their eyes."""

    seen = HiddenField()
    answer = RadioField(
        lazy_gettext("May we publish these words?"),
        [InputRequired(lazy_gettext("Say whether they may be published."))],
        choices=[
            SelectChoice("approve", lazy_gettext("Yes, they are right")),
            SelectChoice("changes", lazy_gettext("No, something has to be changed")),
        ],
    )
    remark = TextAreaField(lazy_gettext("What has to be changed"), [at_most(2000)])
