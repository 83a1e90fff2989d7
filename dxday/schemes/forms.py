"""The shape of what is typed about schemes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from dxday.accounts.models import Organisation
from dxday.accounts.rules import ORGANISATION_KIND_NAMES, OrganisationKind
from dxday.core.i18n import gettext as _
from dxday.core.i18n import lazy_gettext
from dxday.core.vietnamese import slug
from dxday.programme.forms import CheckboxList
from dxday.schemes.models import Category, Criterion, DossierItem, EligibilityQuestion
from dxday.schemes.rules import (
    AWARD_FORM_NAMES,
    ITEM_KIND_NAMES,
    MOST_STEPS,
    NOMINEE_KIND_NAMES,
    SETTING_NAMES,
    TIE_BREAK_NAMES,
    ItemKind,
    NomineeKind,
    TieBreak,
)
from dxday.web.filters import local, text, zone
from dxday.web.forms import Form, at_most, between, possible_day, required

CODE_HELP = lazy_gettext("Small letters, digits and dashes; it stands in addresses and does not change.")
NAME_VI, NAME_EN, NAME_HI = (
    lazy_gettext("Name in Vietnamese"),
    lazy_gettext("Name in English"),
    lazy_gettext("Name in Hindi"),
)
POSITION_HELP = lazy_gettext("The smaller number comes first.")


def clock_time(moment: datetime | None) -> datetime | None:
    """Return a moment as the field of a form shows it: on the edition's clock, without a zone."""
    return local(moment).replace(tzinfo=None) if moment else None


def moment_of(clock: datetime | None) -> datetime | None:
    """Return the moment that was typed as a time on the edition's clock."""
    return clock.replace(tzinfo=zone()) if clock else None


def _as_code(typed: str | None) -> str | None:
    return slug(typed) if typed else typed


def _number(least: int, most: int) -> list[Any]:
    return [InputRequired(lazy_gettext("Write a whole number.")), between(least, most)]


class _WithCode(Form):
    """Something with a code, which is asked of a new one alone."""

    code = StringField(lazy_gettext("Code"), [required(), at_most(40)], description=CODE_HELP)

    def __init__(self, *args: Any, is_new: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not is_new:
            del self["code"]


def _offer_categories(field: Any, categories: Sequence[Category]) -> None:
    field.choices = [
        SelectChoice("", _("All categories")),
        *(SelectChoice(str(each.id), text(each.name)) for each in categories),
    ]


class SchemeForm(_WithCode):
    """What a scheme is called, who gives the award, who may nominate and until when."""

    version = HiddenField()
    name_vi = StringField(NAME_VI, [at_most(300)])
    name_en = StringField(NAME_EN, [at_most(300)])
    name_hi = StringField(NAME_HI, [at_most(300)])
    award_form = SelectField(
        lazy_gettext("Form of the award"),
        choices=[SelectChoice(form.value, name) for form, name in AWARD_FORM_NAMES.items()],
    )
    thematic = BooleanField(
        SETTING_NAMES["thematic"],
        description=lazy_gettext("For one campaign: no ground for merit commendation by a higher level."),
    )
    legal_basis = TextAreaField(
        lazy_gettext("Legal basis"),
        [required(), at_most(1000)],
        description=lazy_gettext("The laws and decrees in force, as cited, with semicolons between."),
    )
    giver_vi = StringField(
        lazy_gettext("Office that gives the award, in Vietnamese"), [required(), at_most(300)]
    )
    giver_en = StringField(lazy_gettext("The office in English"), [at_most(300)])
    giver_hi = StringField(lazy_gettext("The office in Hindi"), [at_most(300)])
    signatory_title_vi = StringField(
        lazy_gettext("Title of who signs, in Vietnamese"), [required(), at_most(200)]
    )
    signatory_title_en = StringField(lazy_gettext("The title in English"), [at_most(200)])
    signatory_title_hi = StringField(lazy_gettext("The title in Hindi"), [at_most(200)])
    nominators = CheckboxList(
        SETTING_NAMES["nominators"],
        choices=[SelectChoice(kind.value, name) for kind, name in ORGANISATION_KIND_NAMES.items()],
        description=lazy_gettext("Kinds of organisations. Without a choice every kind may."),
    )
    opens_at = DateTimeLocalField(lazy_gettext("Nominations open"), [Optional(), possible_day])
    closes_at = DateTimeLocalField(lazy_gettext("Nominations close"), [Optional(), possible_day])
    grace_minutes = IntegerField(
        SETTING_NAMES["grace_minutes"],
        _number(0, 10_000),
        description=lazy_gettext("What somebody was already editing is taken for so long; 0: not at all."),
    )
    position = IntegerField(
        lazy_gettext("Position in lists"), [Optional(), between(0, 10_000)], description=POSITION_HELP
    )


class CouncilForm(Form):
    """How the council reads, votes and publishes."""

    version = HiddenField()
    readers = IntegerField(SETTING_NAMES["readers"], _number(1, 9))
    discrepancy = IntegerField(
        SETTING_NAMES["discrepancy"],
        _number(1, 100),
        description=lazy_gettext("Out of 100, between the totals of two readers."),
    )
    ballot = BooleanField(SETTING_NAMES["ballot"])
    secret = BooleanField(SETTING_NAMES["secret"])
    quorum = IntegerField(
        SETTING_NAMES["quorum"],
        _number(1, 100),
        description=lazy_gettext("Vacant seats count as seats; written votes count as taking part."),
    )
    threshold = IntegerField(
        SETTING_NAMES["threshold"],
        _number(1, 100),
        description=lazy_gettext("Of all seats, not of the votes given."),
    )
    rounds = IntegerField(SETTING_NAMES["rounds"], _number(1, 5))
    tie_break = SelectField(
        SETTING_NAMES["tie_break"],
        choices=[SelectChoice(each.value, name) for each, name in TIE_BREAK_NAMES.items()],
    )
    comment_days = IntegerField(
        SETTING_NAMES["comment_days"],
        [Optional(), between(1, 250)],
        description=lazy_gettext("Empty: the list is not published before the council meets."),
    )

    def read(self) -> dict[str, Any]:
        """Return the columns of the scheme that were typed."""
        return {
            "readers": self.readers.data,
            "discrepancy": self.discrepancy.data,
            "ballot": self.ballot.data,
            "secret": self.secret.data,
            "quorum": self.quorum.data,
            "threshold": self.threshold.data,
            "rounds": self.rounds.data,
            "tie_break": TieBreak(self.tie_break.data),
            "comment_days": self.comment_days.data,
        }


class StepForm(PlainForm):
    """A step of the endorsement chain; without a name it is none."""

    code = HiddenField()
    name_vi = StringField(NAME_VI, [at_most(200)])
    name_en = StringField(NAME_EN, [at_most(200)])
    name_hi = StringField(NAME_HI, [at_most(200)])


class EndorsementForm(Form):
    """The steps that a dossier goes through before it is handed in."""

    version = HiddenField()
    steps = FieldList(FormField(StepForm), min_entries=MOST_STEPS, max_entries=MOST_STEPS)


class SettingForm(Form):
    """On what a setting stands that the pack could not confirm."""

    version = HiddenField()
    basis = StringField(
        lazy_gettext("On what it stands"),
        [required(), at_most(400)],
        description=lazy_gettext(
            "An article, a decision or a letter, as cited. It goes into the audit trail."
        ),
    )


class SeenForm(Form):
    """A button; `seen` is what was looked at before it was pressed."""

    seen = HiddenField()


class CategoryForm(_WithCode):
    """A category: who can be nominated in it."""

    seen = HiddenField()
    name_vi = StringField(NAME_VI, [at_most(200)])
    name_en = StringField(NAME_EN, [at_most(200)])
    name_hi = StringField(NAME_HI, [at_most(200)])
    nominee_kind = SelectField(
        lazy_gettext("Who can be nominated"),
        choices=[SelectChoice(kind.value, name) for kind, name in NOMINEE_KIND_NAMES.items()],
        description=lazy_gettext("This does not change later."),
    )
    position = IntegerField(
        lazy_gettext("Position in lists"), [Optional(), between(0, 10_000)], description=POSITION_HELP
    )

    def __init__(self, *args: Any, is_new: bool, **options: Any) -> None:
        """Ask who can be nominated of a new category alone."""
        super().__init__(*args, is_new=is_new, **options)
        if not is_new:
            del self["nominee_kind"]

    @property
    def kind(self) -> NomineeKind:
        """Who can be nominated."""
        return NomineeKind(self.nominee_kind.data)


class _PartForm(_WithCode):
    """A part of a scheme that is for one category or all."""

    seen = HiddenField()
    category = SelectField(lazy_gettext("Category"), coerce=str)
    position = IntegerField(
        lazy_gettext("Position in lists"), [Optional(), between(0, 10_000)], description=POSITION_HELP
    )

    def __init__(self, *args: Any, is_new: bool, categories: Sequence[Category], **options: Any) -> None:
        super().__init__(*args, is_new=is_new, **options)
        _offer_categories(self.category, categories)

    def place(self) -> dict[str, Any]:
        """Return category and position."""
        return {
            "category_id": int(self.category.data) if self.category.data else None,
            "position": self.position.data or 0,
        }


class CriterionForm(_PartForm):
    """What dossiers are scored by."""

    texts = ("name", "guidance")
    name_vi = StringField(NAME_VI, [at_most(200)])
    name_en = StringField(NAME_EN, [at_most(200)])
    name_hi = StringField(NAME_HI, [at_most(200)])
    guidance_vi = TextAreaField(lazy_gettext("What each score means, in Vietnamese"), [at_most(1000)])
    guidance_en = TextAreaField(lazy_gettext("What each score means, in English"), [at_most(1000)])
    guidance_hi = TextAreaField(lazy_gettext("What each score means, in Hindi"), [at_most(1000)])
    weight = IntegerField(
        lazy_gettext("Weight"),
        _number(1, 1000),
        description=lazy_gettext("Relative to the other criteria; the list shows the share in percent."),
    )
    most = IntegerField(
        lazy_gettext("Highest score"), _number(1, 100), description=lazy_gettext("The lowest is 0.")
    )

    def read(self) -> dict[str, Any]:
        """Return the columns beside the texts."""
        return {**self.place(), "weight": self.weight.data, "most": self.most.data}


class ItemForm(_PartForm):
    """What a dossier holds."""

    texts = ("name", "help")
    section = StringField(
        lazy_gettext("Section"),
        [required(), at_most(40)],
        filters=[_as_code],
        description=lazy_gettext(
            "Items of one section stand on one page, which one person edits at a time. Small letters, digits and "
            "dashes."
        ),
    )
    kind = SelectField(
        lazy_gettext("Kind of answer"),
        choices=[SelectChoice(kind.value, name) for kind, name in ITEM_KIND_NAMES.items()],
    )
    name_vi = StringField(NAME_VI, [at_most(200)])
    name_en = StringField(NAME_EN, [at_most(200)])
    name_hi = StringField(NAME_HI, [at_most(200)])
    help_vi = StringField(lazy_gettext("Help in Vietnamese"), [at_most(400)])
    help_en = StringField(lazy_gettext("Help in English"), [at_most(400)])
    help_hi = StringField(lazy_gettext("Help in Hindi"), [at_most(400)])
    is_required = BooleanField(lazy_gettext("A dossier is incomplete without it"))
    most = IntegerField(
        lazy_gettext("At most"),
        [Optional(), between(1, 10_000)],
        description=lazy_gettext("Words of a text, files of a file item. Empty: the general limit."),
    )
    sensitive = BooleanField(
        lazy_gettext("Sensitive"),
        description=lazy_gettext("Shown to those who appraise the dossier, and to nobody else."),
    )
    article = StringField(lazy_gettext("Article on which it stands"), [required(), at_most(300)])
    source = StringField(
        lazy_gettext("Where it was read"),
        [at_most(300)],
        description=lazy_gettext("Empty: it is shown as not confirmed."),
    )

    def read(self) -> dict[str, Any]:
        """Return the columns beside the texts."""
        return {
            **self.place(),
            "section": self.section.data,
            "kind": ItemKind(self.kind.data),
            "required": self.is_required.data,
            "most": self.most.data,
            "sensitive": self.sensitive.data,
            "article": self.article.data,
            "source": self.source.data or None,
        }


class QuestionForm(_PartForm):
    """What is asked before a dossier is begun."""

    texts = ("question", "refusal")
    question_vi = StringField(lazy_gettext("Question in Vietnamese"), [at_most(400)])
    question_en = StringField(lazy_gettext("Question in English"), [at_most(400)])
    question_hi = StringField(lazy_gettext("Question in Hindi"), [at_most(400)])
    wanted = SelectField(
        lazy_gettext("Answer with which it goes on"),
        choices=[SelectChoice("yes", lazy_gettext("Yes")), SelectChoice("no", lazy_gettext("No"))],
    )
    refusal_vi = StringField(
        lazy_gettext("Why the other answer ends it, in Vietnamese"), [required(), at_most(400)]
    )
    refusal_en = StringField(lazy_gettext("Why it ends it, in English"), [at_most(400)])
    refusal_hi = StringField(lazy_gettext("Why it ends it, in Hindi"), [at_most(400)])
    article = StringField(lazy_gettext("Article on which it stands"), [required(), at_most(300)])
    source = StringField(
        lazy_gettext("Where it was read"),
        [at_most(300)],
        description=lazy_gettext("Empty: it is shown as not confirmed."),
    )

    def read(self) -> dict[str, Any]:
        """Return the columns beside the texts."""
        return {
            **self.place(),
            "wanted": self.wanted.data == "yes",
            "article": self.article.data,
            "source": self.source.data or None,
        }


class QuotaForm(Form):
    """How many some may hand in; of a quota that is there only the number is asked."""

    seen = HiddenField()
    category = SelectField(lazy_gettext("Category"), coerce=str)
    organisation_kind = SelectField(lazy_gettext("Each organisation of a kind"), coerce=str)
    organisation = SelectField(lazy_gettext("Or a single one"), coerce=str)
    most = IntegerField(lazy_gettext("At most"), _number(0, 10_000))

    def __init__(
        self,
        *args: Any,
        is_new: bool,
        categories: Sequence[Category] = (),
        organisations: Sequence[Organisation] = (),
        **options: Any,
    ) -> None:
        """Offer categories and organisations of a new quota."""
        super().__init__(*args, **options)
        if not is_new:
            for name in ("category", "organisation_kind", "organisation"):
                del self[name]
            return
        _offer_categories(self.category, categories)
        self.organisation_kind.choices = [
            SelectChoice("", _("Every kind")),
            *(SelectChoice(kind.value, str(name)) for kind, name in ORGANISATION_KIND_NAMES.items()),
        ]
        self.organisation.choices = [
            SelectChoice("", _("None")),
            *(SelectChoice(str(each.id), text(each.name)) for each in organisations),
        ]

    def read(self) -> dict[str, Any]:
        """Return the columns of a new quota."""
        return {
            "category_id": int(self.category.data) if self.category.data else None,
            "organisation_kind": OrganisationKind(self.organisation_kind.data)
            if self.organisation_kind.data
            else None,
            "organisation_id": int(self.organisation.data) if self.organisation.data else None,
            "most": self.most.data,
        }


class ExtensionForm(Form):
    """A later closing time for some, with the reason."""

    category = SelectField(lazy_gettext("Category"), coerce=str)
    organisation = SelectField(lazy_gettext("Organisation"), coerce=str)
    closes_at = DateTimeLocalField(
        lazy_gettext("Closes for them"),
        [InputRequired(lazy_gettext("Give day and time.")), possible_day],
    )
    reason = StringField(
        lazy_gettext("Reason"), [required(), at_most(400)], description=lazy_gettext("It stays on record.")
    )

    def __init__(
        self,
        *args: Any,
        categories: Sequence[Category],
        organisations: Sequence[Organisation],
        **options: Any,
    ) -> None:
        """Offer these categories and organisations."""
        super().__init__(*args, **options)
        _offer_categories(self.category, categories)
        self.organisation.choices = [
            SelectChoice("", _("Every organisation")),
            *(SelectChoice(str(each.id), text(each.name)) for each in organisations),
        ]

    def read(self) -> dict[str, Any]:
        """Return the columns of the extension."""
        return {
            "category_id": int(self.category.data) if self.category.data else None,
            "organisation_id": int(self.organisation.data) if self.organisation.data else None,
            "closes_at": moment_of(self.closes_at.data),
            "reason": self.reason.data,
        }


class HolidayForm(Form):
    """A day that the calendar does not know as it is."""

    day = DateField(lazy_gettext("Day"), [InputRequired(lazy_gettext("Give a date.")), possible_day])
    off = SelectField(
        lazy_gettext("On this day"),
        choices=[
            SelectChoice("off", lazy_gettext("offices are closed")),
            SelectChoice("works", lazy_gettext("offices work, in exchange for another day")),
        ],
    )
    name = StringField(lazy_gettext("What day it is"), [required(), at_most(200)])
    source = StringField(lazy_gettext("Announcement that says so"), [required(), at_most(300)])


PART_FORMS: dict[type[Any], type[_PartForm]] = {
    Criterion: CriterionForm,
    DossierItem: ItemForm,
    EligibilityQuestion: QuestionForm,
}
"""The form of each part of a scheme."""
