"""Adding, editing and placing sessions."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    URLField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from dxday.accounts.models import Person
from dxday.core.errors import Refusal
from dxday.core.i18n import LOCALES, Words, lazy_gettext
from dxday.programme.rules import (
    MODE_NAMES,
    SESSION_KIND_NAMES,
    Mode,
    Overridable,
    PartKind,
    SessionKind,
)
from dxday.sites.models import Room, Site
from dxday.web.filters import number, text
from dxday.web.forms import Form, at_most, required

NOT_A_TIME = lazy_gettext("Write the time as in 08:30.")
NOT_OFFERED = lazy_gettext("This is not on offer any more. Choose another answer.")
LONGEST_TITLE = 300
LONGEST_ABSTRACT = 8000
LONGEST_REASON = 500
LONGEST_URL = 500


def _choices(names: Mapping[Any, Words]) -> list[SelectChoice]:
    return [SelectChoice(str(value), name) for value, name in names.items()]


class CheckboxList(SelectMultipleField):
    """Several of some choices, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class OverridingForm(Form):
    """A form that may do something although a room is taken or a rule broken; the question comes after the refusal."""

    override_reason = StringField(
        lazy_gettext("Save it anyway, because"),
        [at_most(LONGEST_REASON)],
        description=lazy_gettext(
            "Only if it really fits, for example since the hall is divided. The reason is kept with your name."
        ),
    )
    clashed = HiddenField()

    def refuse(self, refusal: Refusal) -> None:
        """Put the refusal beside its field; after a clash the form also asks for a reason to save it anyway."""
        super().refuse(refusal)
        if isinstance(refusal, Overridable):
            self.clashed.data = "1"

    @property
    def asks_reason(self) -> bool:
        """Whether there was a clash, so that the reason can be given."""
        return self.clashed.data == "1"


class SessionForm(OverridingForm):
    """What a session is, when, where, and who has a part in it."""

    kind = SelectField(lazy_gettext("Kind"), choices=_choices(SESSION_KIND_NAMES))
    title_vi = StringField(lazy_gettext("Title in Vietnamese"), [at_most(LONGEST_TITLE)])
    title_en = StringField(lazy_gettext("Title in English"), [at_most(LONGEST_TITLE)])
    title_hi = StringField(lazy_gettext("Title in Hindi"), [at_most(LONGEST_TITLE)])
    abstract_vi = TextAreaField(lazy_gettext("What it is about, in Vietnamese"), [at_most(LONGEST_ABSTRACT)])
    abstract_en = TextAreaField(lazy_gettext("What it is about, in English"), [at_most(LONGEST_ABSTRACT)])
    abstract_hi = TextAreaField(lazy_gettext("What it is about, in Hindi"), [at_most(LONGEST_ABSTRACT)])
    language = SelectField(lazy_gettext("Language that is spoken"), choices=_choices(LOCALES))
    day = DateField(
        lazy_gettext("Day"),
        [required()],
        invalid_value_message=lazy_gettext("Write the day as in 10/10/2026."),
    )
    begins = TimeField(lazy_gettext("Begins"), [required()], invalid_value_message=NOT_A_TIME)
    ends = TimeField(lazy_gettext("Ends"), [required()], invalid_value_message=NOT_A_TIME)
    room = SelectField(lazy_gettext("Room"), [required()], coerce=str, invalid_choice_message=NOT_OFFERED)
    chairs = CheckboxList(lazy_gettext("Chair"), coerce=int)
    co_chairs = CheckboxList(lazy_gettext("Co-chairs"), coerce=int)
    speakers = CheckboxList(lazy_gettext("Speakers"), coerce=int)

    def __init__(self, *args: Any, rooms: Sequence[Site], people: Sequence[Person], **options: Any) -> None:
        """Offer the rooms of these sites, grouped by site, and these people."""
        super().__init__(*args, **options)
        self.room.choices = room_choices(rooms)
        for field in (self.chairs, self.co_chairs, self.speakers):
            field.choices = [SelectChoice(str(person.id), person_label(person)) for person in people]

    @property
    def session_kind(self) -> SessionKind:
        """The kind chosen."""
        return SessionKind(self.kind.data)

    @property
    def people(self) -> dict[PartKind, list[int]]:
        """The ids of the people chosen for each part."""
        return {
            PartKind.CHAIR: list(self.chairs.data or []),
            PartKind.CO_CHAIR: list(self.co_chairs.data or []),
            PartKind.SPEAKER: list(self.speakers.data or []),
        }


class NewSessionForm(SessionForm):
    """A new session: also which sites receive it.  The hidden guid makes one session of a form sent twice."""

    guid = HiddenField()
    reach = RadioField(
        lazy_gettext("Which sites receive it by line?"),
        [required()],
        choices=_choices(
            {
                "none": lazy_gettext("None: it is held at one site only"),
                "all": lazy_gettext("All sites"),
                "some": lazy_gettext("Only the sites ticked below"),
            }
        ),
    )
    sites = CheckboxList(lazy_gettext("Sites that receive it"), coerce=int)

    def __init__(self, *args: Any, rooms: Sequence[Site], people: Sequence[Person], **options: Any) -> None:
        """Offer every site that has a room."""
        super().__init__(*args, rooms=rooms, people=people, **options)
        self.with_rooms = [site for site in rooms if site.rooms]
        self.sites.choices = [SelectChoice(str(site.id), text(site.name)) for site in self.with_rooms]
        if parsed_guid(self.guid.data) is None:
            self.guid.data = str(uuid4())

    @property
    def session_guid(self) -> UUID:
        """The guid that the session will have."""
        return parsed_guid(self.guid.data) or uuid4()

    @property
    def receiving(self) -> list[Site]:
        """The sites chosen; the one where the session is held may be among them and does not count."""
        if self.reach.data == "none":
            return []
        chosen = None if self.reach.data == "all" else set(self.sites.data or [])
        return [site for site in self.with_rooms if chosen is None or site.id in chosen]

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for sites when some are to receive it."""
        fine = super().validate(extra_validators)
        if self.reach.data == "some" and not self.sites.data:
            self.sites.errors = [_("Tick at least one site, or choose another answer above.")]
            return False
        return fine


class EditSessionForm(SessionForm):
    """A session that is there; `version` is the one that the person had before them."""

    version = HiddenField()

    def __init__(self, *args: Any, needs_room: bool = True, **options: Any) -> None:
        """Offer to have no room where the session has none (it is held online alone)."""
        super().__init__(*args, **options)
        if not needs_room:
            self.room.validators = []
            self.room.flags.required = False


class PlacementForm(OverridingForm):
    """How one site takes part in a session."""

    version = HiddenField()
    received = BooleanField(lazy_gettext("This site takes part"))
    room = SelectField(lazy_gettext("Room"), coerce=str)
    mode = SelectField(lazy_gettext("How it is held here"), choices=_choices(MODE_NAMES))
    join_url = URLField(
        lazy_gettext("Link to join from here"),
        [
            Optional(),
            at_most(LONGEST_URL),
            Regexp(
                r"https?://\S+$", message=lazy_gettext("Write the whole address, beginning with https://.")
            ),
        ],
        description=lazy_gettext("Sent by mail to those who registered; never shown on public pages."),
    )

    def __init__(self, *args: Any, site: Site, **options: Any) -> None:
        """Offer the rooms of the site."""
        super().__init__(*args, **options)
        self.room.choices = [
            SelectChoice("", _("No room")),
            *(SelectChoice(str(room.id), room_label(room)) for room in site.rooms),
        ]

    @property
    def session_mode(self) -> Mode:
        """The mode chosen."""
        return Mode(self.mode.data)


class AddPlacementForm(OverridingForm):
    """One more room that receives a session."""

    room = SelectField(lazy_gettext("Room"), [required()], coerce=str)

    def __init__(self, *args: Any, rooms: Sequence[Site], taken: frozenset[int], **options: Any) -> None:
        """Offer the rooms in which the session is not yet."""
        super().__init__(*args, **options)
        self.room.choices = room_choices(rooms, without=taken)


class ActForm(Form):
    """A button: only the token is checked."""


def room_choices(sites: Sequence[Site], *, without: frozenset[int] = frozenset()) -> list[SelectChoice]:
    """Return the rooms by site for a select field, each with its seats."""
    return [
        SelectChoice("", _("Choose a room")),
        *(
            SelectChoice(str(room.id), room_label(room), optgroup=text(site.name))
            for site in sites
            for room in site.rooms
            if room.id not in without
        ),
    ]


def room_label(room: Room) -> str:
    """Return a room's name and how many it seats."""
    return _("%(room)s (%(seats)s seats)", room=text(room.name), seats=number(room.capacity))


def person_label(person: Person) -> str:
    """Return a person's name and office."""
    position = text(person.position)
    return f"{person.full_name}, {position}" if position else person.full_name


def parsed_guid(value: str | None) -> UUID | None:
    """Return the guid, or None for what is none."""
    try:
        return UUID(value or "")
    except ValueError:
        return None
