"""Reasons, holds, opinions, and what is to be completed by when."""

from wtforms import DateField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from dxday.appraisal.rules import (
    HOLD_KIND_NAMES,
    HOLD_ON_NAMES,
    MOST_REPLY_DAYS,
    REPLY_DAYS,
    HoldKind,
    HoldOn,
)
from dxday.core.i18n import lazy_gettext
from dxday.web.forms import Form, at_most, between, possible_day, required

LONGEST_REASON = 2000
NOT_A_DAY = lazy_gettext("Write the day as in 10/10/2026.")
NOT_A_NUMBER = lazy_gettext("Write a whole number.")
NOT_OFFERED = lazy_gettext("This is not on offer any more. Choose another answer.")


class OverrideForm(Form):
    """Why a finding may stand."""

    reason = TextAreaField(
        lazy_gettext("It may stand, because"),
        [required(), at_most(LONGEST_REASON)],
        description=lazy_gettext(
            "The reason is kept with your name; whoever appraises the dossier reads it."
        ),
    )


class HoldForm(Form):
    """Who is held up, why, and until when."""

    on = RadioField(
        lazy_gettext("What is held up?"),
        [required()],
        choices=[SelectChoice(each.value, HOLD_ON_NAMES[each]) for each in HoldOn],
        default=HoldOn.NOMINATION.value,
    )
    kind = RadioField(
        lazy_gettext("Why?"),
        [required()],
        choices=[SelectChoice(each.value, HOLD_KIND_NAMES[each]) for each in HoldKind],
    )
    reason = TextAreaField(
        lazy_gettext("Reason"),
        [required(), at_most(LONGEST_REASON)],
        description=lazy_gettext(
            "Which body considers what, with number and date of the document. Only who appraises dossiers reads it."
        ),
    )
    expires_on = DateField(
        lazy_gettext("Last day"),
        [Optional(), possible_day],
        description=lazy_gettext("Leave it empty when it holds until somebody lifts it."),
        invalid_value_message=NOT_A_DAY,
    )


class LiftForm(Form):
    """Why a hold ends."""

    reason = TextAreaField(
        lazy_gettext("Why does it end?"),
        [required(), at_most(LONGEST_REASON)],
        description=lazy_gettext("What came out, with number and date of the document."),
    )


class OpinionForm(Form):
    """Which agency is asked what."""

    organisation_name = StringField(lazy_gettext("Agency that is asked"), [required(), at_most(200)])
    question = TextAreaField(lazy_gettext("Question"), [at_most(LONGEST_REASON)])
    days = IntegerField(
        lazy_gettext("Working days to answer"),
        [required(), between(1, MOST_REPLY_DAYS)],
        default=REPLY_DAYS,
        description=lazy_gettext(
            "Counted from the next working day on. Older rules gave 10; see what the rules of your edition say."
        ),
        invalid_value_message=NOT_A_NUMBER,
    )


class AnswerForm(Form):
    """What the agency answered."""

    in_favour = RadioField(
        lazy_gettext("Is the agency in favour?"),
        [required()],
        choices=[
            SelectChoice("yes", lazy_gettext("Yes, in favour")),
            SelectChoice("no", lazy_gettext("No, it objects")),
        ],
    )
    text = TextAreaField(
        lazy_gettext("What it wrote"),
        [at_most(LONGEST_REASON)],
        description=lazy_gettext("In a sentence or two, with number and date of the letter."),
    )


class ReturnForm(Form):
    """What is to be completed by when."""

    reason = TextAreaField(
        lazy_gettext("What is to be completed?"),
        [required(), at_most(LONGEST_REASON)],
        description=lazy_gettext("The agency reads this."),
    )
    due_on = DateField(
        lazy_gettext("Last day to hand it in again"),
        [required(), possible_day],
        invalid_value_message=NOT_A_DAY,
    )
