"""The shape of a nomination as an agency writes it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from flask_wtf.file import MultipleFileField
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import (
    DateField,
    EmailField,
    FieldList,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Email, InputRequired, Optional

from dxday.accounts.models import Organisation
from dxday.core.errors import Refusal
from dxday.core.i18n import lazy_gettext
from dxday.nominations.models import Endorsement, Nomination
from dxday.nominations.rules import Endorser, NomineeNameMissing
from dxday.nominations.sections import Field, FieldChanged, Section
from dxday.schemes.models import DossierItem, Scheme
from dxday.schemes.rules import NOMINEE_KIND_NAMES, ItemKind
from dxday.web.filters import text
from dxday.web.forms import Form, at_most, seen_version

_NOT_AN_ADDRESS = lazy_gettext("Write an e-mail address like name@example.org.")
_NOT_A_CHOICE = lazy_gettext("Choose one from the list.")
_TEXTS = ("nominee_name", "nominee_position", "nominee_email", "achievement", "contact_name", "contact_email")
ACHIEVEMENT_CHARACTERS = 20_000
"""What a draft may hold; how many words may be submitted is a rule."""


class NominationForm(Form):
    """A dossier.  A draft needs the nominee's name and a category; everything else may come later."""

    guid = HiddenField()
    version = HiddenField()
    organisation = SelectField(
        lazy_gettext("Agency that nominates"),
        [DataRequired(lazy_gettext("Choose the agency that nominates."))],
        invalid_choice_message=_NOT_A_CHOICE,
    )
    category = SelectField(
        lazy_gettext("Category"),
        [DataRequired(lazy_gettext("Choose a category."))],
        invalid_choice_message=_NOT_A_CHOICE,
    )
    nominee_name = StringField(
        lazy_gettext("Name of the nominee"), [DataRequired(NomineeNameMissing.sentence), at_most(200)]
    )
    nominee_position = StringField(lazy_gettext("Position and unit, or address"), [at_most(300)])
    nominee_email = EmailField(
        lazy_gettext("E-mail address of the nominee"),
        [Optional(), at_most(254), Email(_NOT_AN_ADDRESS)],
    )
    achievement = TextAreaField(lazy_gettext("Achievement"), [at_most(ACHIEVEMENT_CHARACTERS)])
    attachment = MultipleFileField(lazy_gettext("Add files"))
    item = SelectField(lazy_gettext("What the files are"), invalid_choice_message=_NOT_A_CHOICE)
    contact_name = StringField(lazy_gettext("Name of the contact"), [at_most(200)])
    contact_email = EmailField(
        lazy_gettext("E-mail address of the contact"),
        [Optional(), at_most(254), Email(_NOT_AN_ADDRESS)],
    )

    def __init__(
        self,
        schemes: Sequence[Scheme],
        organisations: Sequence[Organisation],
        items: Sequence[DossierItem] = (),
        **given: Any,
    ):
        """Offer the categories of `schemes`, the agencies when there are several, and what files may be."""
        super().__init__(**given)
        if items:
            self.item.choices = [
                *(SelectChoice(str(each.id), text(each.name)) for each in items),
                SelectChoice("", str(lazy_gettext("Something else"))),
            ]
        else:
            del self.item
        self.category.choices = [
            SelectChoice("", str(lazy_gettext("Choose a category"))),
            *(
                SelectChoice(
                    str(category.id),
                    f"{text(category.name)} ({str(NOMINEE_KIND_NAMES[category.nominee_kind]).lower()})",
                    optgroup=text(scheme.name),
                )
                for scheme in schemes
                for category in scheme.categories
            ),
        ]
        if len(organisations) > 1:
            self.organisation.choices = [
                SelectChoice("", str(lazy_gettext("Choose an agency"))),
                *(SelectChoice(str(each.id), text(each.name)) for each in organisations),
            ]
        else:
            del self.organisation

    @classmethod
    def for_new(
        cls,
        schemes: Sequence[Scheme],
        organisations: Sequence[Organisation],
        items: Sequence[DossierItem] = (),
        **given: Any,
    ):
        """Return the empty form of a new nomination; its guid is made here, once."""
        return cls(schemes, organisations, items, data={"guid": str(uuid4()), **given})

    @classmethod
    def for_change(cls, schemes: Sequence[Scheme], nomination: Nomination, items: Sequence[DossierItem] = ()):
        """Return the form filled with what is kept; the agency stays."""
        kept = {name: getattr(nomination, name) for name in (*_TEXTS, "version")}
        return cls(schemes, (), items, data={"category": str(nomination.category_id), **kept})

    @property
    def key(self) -> UUID:
        """The guid; one that somebody tampered with is as good as a new one."""
        try:
            return UUID(self.guid.data)
        except (TypeError, ValueError):
            return uuid4()

    @property
    def seen_version(self) -> int:
        """The version that the writer had before their eyes; 0 fits none."""
        return seen_version(self.version)

    def written(self) -> dict[str, str]:
        """Return the texts, named as the services name them."""
        return {name: self[name].data or "" for name in _TEXTS}

    def chosen_item(self, items: Sequence[DossierItem]) -> DossierItem | None:
        """Return which of the items the files are; None for none of them."""
        chosen = self.item.data if "item" in self else ""
        return next((each for each in items if str(each.id) == chosen), None)

    def files(self) -> list[FileStorage]:
        """Return the files that were sent."""
        return list(self.attachment.data or [])


class ConfirmForm(Form):
    """A button that does something heavy; `version` is what was read before it was pressed."""

    version = HiddenField()

    @property
    def seen_version(self) -> int:
        """The version that was read; 0 fits none."""
        return seen_version(self.version)


def _yes_or_no() -> list[SelectChoice]:
    return [SelectChoice("yes", lazy_gettext("Yes")), SelectChoice("no", lazy_gettext("No"))]


class QuestionForm(Form):
    """One question before a dossier is begun."""

    answer = RadioField(
        lazy_gettext("Answer"),
        [DataRequired(lazy_gettext("Choose yes or no."))],
        choices=_yes_or_no(),
        validate_choice=True,
    )


class AutosaveForm(Form):
    """One field of a section, as the script of the page sends it."""

    code = StringField()
    value = TextAreaField()
    version = HiddenField()

    @property
    def seen_version(self) -> int:
        """The version that the writer had before their eyes."""
        return seen_version(self.version)


class SectionForm(Form):
    """A section of a dossier; each field is `answer_<code>`, its version `seen_<code>`.  Made by `section_form`."""

    asked: tuple[Field, ...] = ()

    def written(self) -> dict[str, tuple[str, int]]:
        """Return code → (words, version that was seen)."""
        return {
            each.code: (self[f"answer_{each.code}"].data or "", seen_version(self[f"seen_{each.code}"]))
            for each in self.asked
        }

    def refuse(self, refusal: Refusal) -> None:
        """Put a refusal beside the field that it is about; what others wrote meanwhile becomes what was seen."""
        answer = self._fields.get(f"answer_{refusal.field}")
        if answer is None:
            super().refuse(refusal)
            return
        answer.errors = [*answer.errors, str(refusal)]
        if isinstance(refusal, FieldChanged):
            self[f"seen_{refusal.field}"].data = str(refusal.facts["version"])


def section_form(section: Section, values: Mapping[str, str], versions: Mapping[str, int]) -> SectionForm:
    """Return the form of a section, filled with what is kept; files are not in it."""
    asked = tuple(each for each in section.fields if each.kind is not ItemKind.FILE)
    fields: dict[str, Any] = {"asked": asked}
    data = {}
    for each in asked:
        fields[f"answer_{each.code}"] = _answer_field(each)
        fields[f"seen_{each.code}"] = HiddenField()
        data[f"answer_{each.code}"] = values.get(each.code, "")
        data[f"seen_{each.code}"] = str(versions.get(each.code, 0))
    made: SectionForm = type("SectionForm", (SectionForm,), fields)(data=data)
    return made


def _answer_field(asked: Field) -> Any:
    if asked.kind is ItemKind.YES_NO:
        return RadioField(asked.name, choices=_yes_or_no(), validate_choice=False)
    if asked.lines:
        return TextAreaField(asked.name)
    return (EmailField if asked.code.endswith("_email") else StringField)(asked.name)


class EndorserForm(Form):
    """Who endorses in one step."""

    class Meta(Form.Meta):
        """The token is in the form around it."""

        csrf = False

    name = StringField(lazy_gettext("Name"), [DataRequired(lazy_gettext("Say who endorses.")), at_most(200)])
    office = StringField(
        lazy_gettext("Office"), [DataRequired(lazy_gettext("Say which office they hold.")), at_most(300)]
    )
    email = EmailField(
        lazy_gettext("E-mail address"),
        [
            DataRequired(lazy_gettext("Say where they can be written to.")),
            at_most(254),
            Email(_NOT_AN_ADDRESS),
        ],
    )

    def endorser(self) -> Endorser:
        """Return what was written."""
        return Endorser(self["name"].data or "", self.office.data or "", self.email.data or "")


class ChainForm(Form):
    """Who endorses in each step of a scheme; `version` is the dossier that was read."""

    version = HiddenField()
    steps = FieldList(FormField(EndorserForm))

    @classmethod
    def for_steps(cls, count: int, known: Sequence[Endorser], *, version: int):
        """Return the form with a part for each step, filled with who endorsed last time."""
        parts: list[dict[str, str]] = [
            {"name": one.name, "office": one.office, "email": one.email} for one in known[:count]
        ]
        parts += [{} for _missing in range(count - len(parts))]
        form = cls(data={"steps": parts, "version": version})
        # Whatever was sent, there are as many parts as steps.
        while len(form.steps.entries) > count:
            form.steps.pop_entry()
        while len(form.steps.entries) < count:
            form.steps.append_entry({})
        return form

    @property
    def seen_version(self) -> int:
        """The version that was read; 0 fits none."""
        return seen_version(self.version)

    def endorsers(self) -> list[Endorser]:
        """Return who was named, in the order of the steps."""
        return [entry.form.endorser() for entry in self.steps.entries]


class ChangeEndorserForm(EndorserForm):
    """Who takes a step instead; a form of its own, with its token."""

    class Meta(Form.Meta):
        """As every form of a page."""

        csrf = True

    @classmethod
    def for_change(cls, endorsement: Endorsement):
        """Return the form filled with who is named now."""
        return cls(data={"name": endorsement.name, "office": endorsement.office, "email": endorsement.email})


class AnswerForm(Form):
    """What somebody says who was asked to endorse; `seen` is the digest of what they had before their eyes."""

    seen = HiddenField()
    answer = RadioField(
        lazy_gettext("Do you endorse this nomination?"),
        [InputRequired(lazy_gettext("Say whether you endorse it."))],
        choices=[
            SelectChoice("endorse", lazy_gettext("Yes, I endorse it")),
            SelectChoice("send_back", lazy_gettext("No, I send it back to the agency")),
        ],
    )
    remark = TextAreaField(lazy_gettext("What has to be changed"), [at_most(4000)])


class ProposalForm(Form):
    """What an agency prints on its proposal; sent by GET and changing nothing, so it needs no token."""

    class Meta(Form.Meta):
        """Read from the address."""

        csrf = False

    scheme = SelectField(
        lazy_gettext("Award scheme"),
        [DataRequired(lazy_gettext("Choose a scheme."))],
        invalid_choice_message=_NOT_A_CHOICE,
    )
    organisation = SelectField(
        lazy_gettext("Agency"),
        [DataRequired(lazy_gettext("Choose an agency."))],
        invalid_choice_message=_NOT_A_CHOICE,
    )
    number = StringField(lazy_gettext("Number and symbol"), [at_most(60)])
    place = StringField(lazy_gettext("Place"), [at_most(100)])
    on = DateField(lazy_gettext("Date"), [Optional()])
    signatory_title = StringField(lazy_gettext("Title of the signatory"), [at_most(200)])
    signatory_name = StringField(lazy_gettext("Name of the signatory"), [at_most(200)])

    @classmethod
    def for_choice(
        cls, given: MultiDict[str, str], schemes: Sequence[Scheme], organisations: Sequence[Organisation]
    ):
        """Return the form filled from the address; who has one scheme or one agency need not choose."""
        form = cls(given)
        form.scheme.choices = [SelectChoice(each.code, text(each.name)) for each in schemes]
        form.organisation.choices = [SelectChoice(each.code, text(each.name)) for each in organisations]
        for field in (form.scheme, form.organisation):
            if not field.data and field.choices:
                field.data = field.choices[0].value
        return form
