"""Adding, editing and placing sessions."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext as _
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    URLField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from dxday.accounts.models import Person
from dxday.core.errors import Refusal
from dxday.core.i18n import LOCALES, Words, lazy_gettext
from dxday.programme.models import Placement, Session, Track
from dxday.programme.rules import (
    MODE_NAMES,
    ORDER_MARK_NAMES,
    SESSION_KIND_NAMES,
    Mode,
    OrderMark,
    Overridable,
    PartKind,
    SessionKind,
)
from dxday.sites.models import Room, Site
from dxday.web.filters import local, number, text
from dxday.web.forms import (
    CodesField,
    Form,
    at,
    at_most,
    between,
    required,
    spread,
    translations,
    whole_address,
)

NOT_A_TIME = lazy_gettext("Write the time as in 08:30.")
NOT_A_NUMBER = lazy_gettext("Write a whole number.")
NOT_OFFERED = lazy_gettext("This is not on offer any more. Choose another answer.")
LONGEST_TITLE = 300
LONGEST_ABSTRACT = 8000
LONGEST_DESCRIPTION = 20000
MOST_PEOPLE = 100_000
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
    subtitle_vi = StringField(lazy_gettext("Line under the title, in Vietnamese"), [at_most(LONGEST_TITLE)])
    subtitle_en = StringField(lazy_gettext("Line under the title, in English"), [at_most(LONGEST_TITLE)])
    subtitle_hi = StringField(lazy_gettext("Line under the title, in Hindi"), [at_most(LONGEST_TITLE)])
    description_vi = TextAreaField(lazy_gettext("In full, in Vietnamese"), [at_most(LONGEST_DESCRIPTION)])
    description_en = TextAreaField(lazy_gettext("In full, in English"), [at_most(LONGEST_DESCRIPTION)])
    description_hi = TextAreaField(lazy_gettext("In full, in Hindi"), [at_most(LONGEST_DESCRIPTION)])
    track = SelectField(lazy_gettext("Track"), coerce=str, invalid_choice_message=NOT_OFFERED)
    audiences = CodesField(
        lazy_gettext("Who it is for"),
        description=lazy_gettext(
            "Groups, with commas between. Two sessions for one group should not be at the same time."
        ),
    )
    needs = CodesField(
        lazy_gettext("Equipment that it needs"), description=lazy_gettext("With commas between.")
    )
    expected = IntegerField(
        lazy_gettext("People expected"),
        [Optional(), between(0, MOST_PEOPLE)],
        invalid_value_message=NOT_A_NUMBER,
    )
    duration = IntegerField(
        lazy_gettext("Length in minutes"),
        [Optional(), between(1, 24 * 60)],
        description=lazy_gettext("For a session that has no time yet."),
        invalid_value_message=NOT_A_NUMBER,
    )
    is_main = BooleanField(
        lazy_gettext("Main session"),
        description=lazy_gettext("Every site that receives it needs a presiding officer."),
    )
    order_mark = SelectField(
        lazy_gettext("First or last"),
        choices=[
            SelectChoice("", lazy_gettext("Anywhere in the Day")),
            *(SelectChoice(mark.value, name) for mark, name in ORDER_MARK_NAMES.items()),
        ],
    )
    pinned = BooleanField(
        lazy_gettext("Stays where it is"),
        description=lazy_gettext("Automatic scheduling does not move it."),
    )
    held = BooleanField(
        lazy_gettext("Held back"),
        description=lazy_gettext("As long as nobody outside knows of it, releases leave it out."),
    )
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
    remote = CheckboxList(lazy_gettext("Who joins online"), coerce=int)

    def __init__(
        self,
        *args: Any,
        rooms: Sequence[Site],
        people: Sequence[Person],
        tracks: Sequence[Track] = (),
        **options: Any,
    ) -> None:
        """Offer the rooms of these sites, grouped by site, these people and these tracks."""
        super().__init__(*args, **options)
        self.room.choices = room_choices(rooms)
        if tracks:
            self.track.choices = [
                SelectChoice("", _("None")),
                *(SelectChoice(str(track.id), text(track.name)) for track in tracks),
            ]
        else:
            del self["track"]
        for field in (self.chairs, self.co_chairs, self.speakers, self.remote):
            field.choices = [SelectChoice(str(person.id), person_label(person)) for person in people]

    @property
    def session_kind(self) -> SessionKind:
        """The kind chosen."""
        return SessionKind(self.kind.data)

    @property
    def details(self) -> dict[str, Any]:
        """What the session says of itself beyond kind, title, abstract and language; what is not asked is left out."""
        asked: dict[str, Any] = {
            "subtitle": translations(self, "subtitle"),
            "description": translations(self, "description"),
            "audiences": self.audiences.data or [],
            "needs": self.needs.data or [],
            "expected": self.expected.data,
        }
        if "track" in self:
            asked["track_id"] = int(self.track.data) if self.track.data else None
        if "is_main" in self:
            asked["main"] = bool(self.is_main.data)
            asked["order_mark"] = OrderMark(self.order_mark.data) if self.order_mark.data else None
            asked["pinned"] = bool(self.pinned.data)
            asked["held"] = bool(self.held.data)
        if "duration" in self:
            asked["duration"] = timedelta(minutes=self.duration.data) if self.duration.data else None
        return asked

    @property
    def has_place(self) -> bool:
        """Whether a room or a time is given, so that all of it must be."""
        return bool(self.room.data or self.begins.data or self.ends.data)

    def free_place(self) -> None:
        """Let room and time be left out, all of them together."""
        for field in (self.day, self.begins, self.ends, self.room):
            field.validators = [Optional()]
            field.flags.required = False

    def validate_place(self) -> bool:
        """Ask for the whole of room and time when some of it is given; call it after `validate`."""
        if not self.has_place:
            return True
        missing = [f for f in (self.day, self.begins, self.ends, self.room) if not f.data]
        for field in missing:
            field.errors = [_("Answer this question, or leave room and time out altogether.")]
        return not missing

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
        [Optional()],
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
        self.free_place()
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
        if self.reach.data in (None, "none"):
            return []
        chosen = None if self.reach.data == "all" else set(self.sites.data or [])
        return [site for site in self.with_rooms if chosen is None or site.id in chosen]

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the whole of room and time, and for sites when some are to receive it."""
        fine = super().validate(extra_validators)
        fine = self.validate_place() and fine
        if self.has_place and not self.reach.data:
            self.reach.errors = [_("Answer this question.")]
            return False
        if self.reach.data == "some" and not self.sites.data:
            self.sites.errors = [_("Tick at least one site, or choose another answer above.")]
            return False
        return fine


class EditSessionForm(SessionForm):
    """A session that is there; `version` is the one that the person had before them."""

    version = HiddenField()

    def __init__(self, *args: Any, needs_room: bool = True, placed: bool = True, **options: Any) -> None:
        """Offer to have no room where the session has none (it is held online alone), and no time either."""
        super().__init__(*args, **options)
        self.placed = placed
        if placed:
            del self["duration"]
        if not placed:
            self.free_place()
        elif not needs_room:
            self.room.validators = []
            self.room.flags.required = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the whole of room and time when some of it is given."""
        fine = super().validate(extra_validators)
        return (self.placed or self.validate_place()) and fine


class PlacementForm(OverridingForm):
    """How one site takes part in a session."""

    version = HiddenField()
    received = BooleanField(lazy_gettext("This site takes part"))
    opt_out_reason = StringField(
        lazy_gettext("Why it does not take part"),
        [at_most(LONGEST_REASON)],
        description=lazy_gettext("Only if it does not. The reason is kept with the session."),
    )
    room = SelectField(lazy_gettext("Room"), coerce=str)
    mode = SelectField(lazy_gettext("How it is held here"), choices=_choices(MODE_NAMES))
    join_url = URLField(
        lazy_gettext("Link to join from here"),
        [
            Optional(),
            at_most(LONGEST_URL),
            whole_address(),
        ],
        description=lazy_gettext(
            "Everybody sees it in the programme and its calendars, unless the session is held on site alone. "
            "A link for those who registered belongs to the site."
        ),
    )
    capacity = IntegerField(
        lazy_gettext("People that can take part here"),
        [Optional(), between(0, MOST_PEOPLE)],
        description=lazy_gettext("Leave it out where the seats of the room decide."),
        invalid_value_message=NOT_A_NUMBER,
    )
    begins = TimeField(lazy_gettext("Begins here"), [required()], invalid_value_message=NOT_A_TIME)
    ends = TimeField(lazy_gettext("Ends here"), [required()], invalid_value_message=NOT_A_TIME)
    interpretation = SelectField(
        lazy_gettext("Interpreted into"),
        choices=[SelectChoice("", lazy_gettext("Not interpreted")), *_choices(LOCALES)],
    )
    local_part_vi = StringField(lazy_gettext("Local part in Vietnamese"), [at_most(LONGEST_TITLE)])
    local_part_en = StringField(lazy_gettext("Local part in English"), [at_most(LONGEST_TITLE)])
    local_part_hi = StringField(lazy_gettext("Local part in Hindi"), [at_most(LONGEST_TITLE)])
    officer = SelectField(
        lazy_gettext("Presiding officer here"), coerce=str, invalid_choice_message=NOT_OFFERED
    )
    ready = BooleanField(
        lazy_gettext("The site is ready"),
        description=lazy_gettext("Room, line and people were checked for this session."),
    )

    def __init__(
        self, *args: Any, site: Site, people: Sequence[Person] = (), receiving: bool = True, **options: Any
    ) -> None:
        """Offer the rooms of the site, and these people to preside; where it is held there are no other times."""
        super().__init__(*args, **options)
        if not receiving:
            for name in ("begins", "ends", "received", "opt_out_reason"):
                del self[name]
        self.room.choices = [
            SelectChoice("", _("No room")),
            *(SelectChoice(str(room.id), room_label(room)) for room in site.rooms),
        ]
        officer = site.presiding_officer
        self.officer.choices = [
            SelectChoice(
                "", _("That of the site: %(name)s", name=officer.full_name) if officer else _("Nobody")
            ),
            *(SelectChoice(str(person.id), person_label(person)) for person in people),
        ]
        if self.interpretation.data and self.interpretation.data not in LOCALES:
            self.interpretation.choices.append(
                SelectChoice(self.interpretation.data, self.interpretation.data)
            )

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


class TrackForm(Form):
    """A track: its code, its name, where it stands in lists."""

    seen = HiddenField()
    code = StringField(
        lazy_gettext("Code"),
        [required(), at_most(40)],
        description=lazy_gettext(
            "Small letters, digits and dashes; it stands in addresses and does not change."
        ),
    )
    name_vi = StringField(lazy_gettext("Name in Vietnamese"), [at_most(200)])
    name_en = StringField(lazy_gettext("Name in English"), [at_most(200)])
    name_hi = StringField(lazy_gettext("Name in Hindi"), [at_most(200)])
    position = IntegerField(lazy_gettext("Position in lists"), [Optional(), between(0, 10_000)])

    def __init__(self, *args: Any, is_new: bool, **options: Any) -> None:
        """Ask for the code of a new track alone."""
        super().__init__(*args, **options)
        if not is_new:
            del self["code"]


class ActForm(Form):
    """A button: only the token is checked."""


def session_as_form(session: Session) -> dict[str, Any]:
    """Return what a session is and who has a part in it as data for `SessionForm`; time and room are left out."""
    by_kind = {kind: [part.person_id for part in session.parts if part.kind is kind] for kind in PartKind}
    return {
        "kind": session.kind.value,
        **spread("title", session.title),
        **spread("subtitle", session.subtitle),
        **spread("abstract", session.abstract),
        **spread("description", session.description),
        "language": session.language,
        "track": str(session.track_id or ""),
        "audiences": session.audiences,
        "needs": session.needs,
        "expected": session.expected,
        "duration": session.duration // timedelta(minutes=1) if session.duration else None,
        "is_main": session.main,
        "order_mark": session.order_mark.value if session.order_mark else "",
        "pinned": session.pinned,
        "held": session.held,
        "chairs": by_kind[PartKind.CHAIR],
        "co_chairs": by_kind[PartKind.CO_CHAIR],
        "speakers": by_kind[PartKind.SPEAKER],
        "remote": [part.person_id for part in session.parts if part.remote],
    }


def reception_as_form(placement: Placement) -> dict[str, Any]:
    """Return how a site takes part as data for `PlacementForm`; the placement's session must be whole."""
    session = placement.session
    officer = next(
        (
            part.person_id
            for part in session.parts
            if part.kind is PartKind.PRESIDING_OFFICER and part.site_id == placement.site_id
        ),
        None,
    )
    return {
        "version": session.version,
        "received": placement.cancelled_at is None,
        "opt_out_reason": placement.opt_out_reason,
        "room": str(placement.room_id or ""),
        "mode": placement.mode.value,
        "join_url": placement.join_url,
        "capacity": placement.capacity,
        "begins": clock_of(placement.starts_at),
        "ends": clock_of(placement.ends_at),
        "interpretation": placement.interpretation or "",
        **spread("local_part", placement.local_part),
        "officer": str(officer or ""),
        "ready": placement.confirmed_at is not None,
    }


def times_of(form: PlacementForm, placement: Placement) -> tuple[datetime, datetime]:
    """Return the times that a site wants.

    Hours and minutes are all that is asked; what was not changed keeps its day and its seconds.
    """
    if "begins" not in form:
        return placement.starts_at, placement.ends_at
    day, begins, ends = local(placement.starts_at).date(), form.begins.data, form.ends.data
    return (
        at(day, begins) if begins != clock_of(placement.starts_at) else placement.starts_at,
        at(day, ends) if ends != clock_of(placement.ends_at) else placement.ends_at,
    )


def clock_of(moment: datetime) -> time:
    """Return the time of day on the edition's clock, without seconds, as a form asks for it."""
    return local(moment).time().replace(second=0, microsecond=0)


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
