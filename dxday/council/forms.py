"""What the secretary and the members of a council fill in."""

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired, Optional

from dxday.accounts.models import Organisation
from dxday.core.i18n import lazy_gettext
from dxday.council.models import Term
from dxday.council.rules import (
    CONFLICT_KIND_NAMES,
    SAID_BY_HAND,
    SEAT_KIND_NAMES,
    ConflictKind,
    ReasonMissing,
)
from dxday.nominations.models import Nomination
from dxday.schemes.models import Scheme
from dxday.web.filters import text
from dxday.web.forms import Form, at_most, between, possible_day, required, seen_version

_KINDS = [SelectChoice(kind.value, CONFLICT_KIND_NAMES[kind]) for kind in SAID_BY_HAND]
MOST_SEED = 999_999


class _Checkboxes(SelectMultipleField):
    """Several of a list, with a box for each."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()


class CouncilForm(Form):
    """A council: what it is called, what it decides on, which mail domains say nothing."""

    code = StringField(
        lazy_gettext("Code"),
        [required(), at_most(40)],
        description=lazy_gettext(
            "Small letters, digits and dashes; it stands in addresses and does not change."
        ),
    )
    name_vi = StringField(lazy_gettext("Name in Vietnamese"), [required(), at_most(200)])
    name_en = StringField(lazy_gettext("Name in English"), [at_most(200)])
    name_hi = StringField(lazy_gettext("Name in Hindi"), [at_most(200)])
    schemes = _Checkboxes(lazy_gettext("What does it decide on?"), choices=[])
    shared_domains = StringField(
        lazy_gettext("Mail domains that many agencies share"),
        [at_most(500)],
        description=lazy_gettext(
            "With commas between, as in nghean.gov.vn. Having one of them in common is no conflict of interest."
        ),
    )

    def __init__(self, schemes: Sequence[Scheme], *, is_new: bool, **given: Any) -> None:
        """Offer the schemes of the edition; the code is asked of a new council alone."""
        super().__init__(**given)
        self.schemes.choices = [SelectChoice(str(each.id), text(each.name)) for each in schemes]
        if is_new:
            del self["schemes"]
            del self["shared_domains"]
        else:
            del self["code"]

    def domains(self) -> list[str]:
        """Return the domains one by one."""
        return [
            part.strip().lstrip("@") for part in (self.shared_domains.data or "").split(",") if part.strip()
        ]


class SeatForm(Form):
    """A seat: its kind, the office that it belongs to, and whether its holder knows the subject."""

    kind = SelectField(
        lazy_gettext("Kind of seat"),
        choices=[SelectChoice(kind.value, name) for kind, name in SEAT_KIND_NAMES.items()],
    )
    title_vi = StringField(
        lazy_gettext("Office in Vietnamese"),
        [required(), at_most(200)],
        description=lazy_gettext(
            "As minutes print it: director of the department of home affairs, for example."
        ),
    )
    title_en = StringField(lazy_gettext("Office in English"), [at_most(200)])
    title_hi = StringField(lazy_gettext("Office in Hindi"), [at_most(200)])
    expert = BooleanField(
        lazy_gettext("Knows the subject"),
        description=lazy_gettext("Each dossier is read by at least one who does."),
    )


class InviteForm(Form):
    """Who takes a seat, from when on, and where they work and worked."""

    full_name = StringField(lazy_gettext("Name"), [required(), at_most(200)])
    email = EmailField(
        lazy_gettext("E-mail address"),
        [
            required(),
            at_most(254),
            Email(lazy_gettext("Write an e-mail address like name@example.org.")),
        ],
        description=lazy_gettext("They sign in with it; ask them to have a link sent to them."),
    )
    starts_on = DateField(lazy_gettext("First day in the seat"), [required(), possible_day])
    agency = SelectField(lazy_gettext("Works at"), coerce=str)
    past_1 = SelectField(lazy_gettext("Worked at before"), coerce=str)
    past_2 = SelectField(lazy_gettext("Worked at before that"), coerce=str)
    past_3 = SelectField(lazy_gettext("And before that"), coerce=str)

    def __init__(self, organisations: Sequence[Organisation], **given: Any) -> None:
        """Offer these organisations."""
        super().__init__(**given)
        self._known = {str(each.id): each for each in organisations}
        choices = [SelectChoice("", str(lazy_gettext("Not known"))), *(
            SelectChoice(key, text(each.name)) for key, each in self._known.items()
        )]  # fmt: skip
        for field in (self.agency, self.past_1, self.past_2, self.past_3):
            field.choices = choices

    def agencies(self) -> list[Organisation]:
        """Return where they work."""
        return [self._known[self.agency.data]] if self.agency.data else []

    def past_agencies(self) -> list[Organisation]:
        """Return where they worked."""
        chosen = dict.fromkeys(field.data for field in (self.past_1, self.past_2, self.past_3) if field.data)
        return [self._known[key] for key in chosen]


class EndForm(Form):
    """The last day in a seat, and why."""

    ends_on = DateField(lazy_gettext("Last day in the seat"), [required(), possible_day])
    reason = TextAreaField(lazy_gettext("Reason"), [InputRequired(ReasonMissing.sentence), at_most(500)])


class PinForm(Form):
    """A member whom the secretary keeps away from a dossier."""

    member = SelectField(lazy_gettext("Member"), coerce=str)
    code = StringField(lazy_gettext("Code of the dossier"), [required(), at_most(20)])
    kind = SelectField(lazy_gettext("Why"), choices=_KINDS)
    detail = StringField(lazy_gettext("In words"), [at_most(300)])

    def __init__(self, terms: Sequence[Term], **given: Any) -> None:
        """Offer those who sit."""
        super().__init__(**given)
        self.member.choices = members_of(terms)


class LiftForm(Form):
    """Why a conflict does not stand."""

    reason = TextAreaField(lazy_gettext("Reason"), [InputRequired(ReasonMissing.sentence), at_most(500)])
    alike = BooleanField(
        lazy_gettext("Lift every detected conflict of this member that was seen the same way")
    )


class ProposeForm(Form):
    """How a proposal is made."""

    keep = BooleanField(
        lazy_gettext("Keep what is assigned already"),
        description=lazy_gettext("Otherwise an even load counts more than what somebody began to read."),
    )
    seed = IntegerField(
        lazy_gettext("Seed"),
        [Optional(), between(0, MOST_SEED)],
        description=lazy_gettext("The same seed gives the same proposal. Left empty, one is drawn."),
    )


class PairForm(Form):
    """Two members who do not read the same dossier."""

    one = SelectField(lazy_gettext("Member"), coerce=str)
    other = SelectField(lazy_gettext("Other member"), coerce=str)
    reason = StringField(lazy_gettext("Reason"), [at_most(300)])

    def __init__(self, terms: Sequence[Term], **given: Any) -> None:
        """Offer those who sit."""
        super().__init__(**given)
        self.one.choices = self.other.choices = members_of(terms)


class ReadersForm(Form):
    """Who reads a dossier."""

    version = HiddenField()
    readers = _Checkboxes(lazy_gettext("Who reads it?"), choices=[])

    def __init__(self, choices: Mapping[int, str], **given: Any) -> None:
        """Offer these accounts by name."""
        super().__init__(**given)
        self.readers.choices = [SelectChoice(str(key), name) for key, name in choices.items()]

    @property
    def seen_version(self) -> int:
        """The version that was looked at; 0 fits none."""
        return seen_version(self.version)

    def account_ids(self) -> list[int]:
        """Return whom somebody ticked."""
        return [int(each) for each in self.readers.data or []]


class VersionForm(Form):
    """A button that does something heavy; `version` is what was looked at before it was pressed."""

    version = HiddenField()

    @property
    def seen_version(self) -> int:
        """The version that was looked at; 0 fits none."""
        return seen_version(self.version)


class ConflictForm(Form):
    """A conflict with one dossier."""

    kind = SelectField(lazy_gettext("What is it?"), choices=_KINDS)
    detail = StringField(
        lazy_gettext("In words"),
        [at_most(300)],
        description=lazy_gettext("Only the secretary reads it. Say no more than you want to."),
    )


class DeclareForm(Form):
    """For each of some dossiers, whether there is a conflict.  Made by `declare_form`."""

    looked = BooleanField(
        lazy_gettext("I looked at each line. With those left at “No conflict” I have none."),
        [InputRequired(lazy_gettext("Look at each line, then tick this."))],
    )

    def kind_of(self, nomination: Nomination) -> Any:
        """Return the field of a dossier."""
        return self[f"kind_{nomination.code}"]


def declare_form(dossiers: Sequence[Nomination]) -> DeclareForm:
    """Return the form with a field for each dossier."""

    class Built(DeclareForm):
        pass

    for each in dossiers:
        field = SelectField(
            lazy_gettext("Conflict with %(name)s", name=each.nominee_name),
            choices=[SelectChoice("", lazy_gettext("No conflict")), *_KINDS],
        )
        setattr(Built, f"kind_{each.code}", field)
    return Built()


def conflicts_in(form: DeclareForm, dossiers: Sequence[Nomination]) -> dict[int, tuple[ConflictKind, str]]:
    """Return the kind of conflict with each dossier that has one."""
    return {
        each.id: (ConflictKind(form.kind_of(each).data), "") for each in dossiers if form.kind_of(each).data
    }


def members_of(terms: Sequence[Term]) -> list[SelectChoice]:
    """Return those who sit, as choices."""
    return [SelectChoice(str(term.account_id), term.account.full_name) for term in terms]
