"""What a site coordinator proposes, and what an organizer answers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from wtforms import HiddenField, StringField, TextAreaField

from dxday.core.i18n import lazy_gettext
from dxday.programme.forms import (
    LONGEST_REASON,
    CheckboxList,
    OverridingForm,
    PlacementForm,
    SessionForm,
    clock_of,
    parsed_guid,
)
from dxday.programme.models import Placement
from dxday.proposals.queries import PEOPLE, moment
from dxday.proposals.rules import LONGEST_NOTE, Values
from dxday.web.filters import local
from dxday.web.forms import Form, at_most, required, spread, translations

_TEXTS = ("title", "subtitle", "abstract", "description", "local_part")


class LocalSessionForm(SessionForm):
    """A session of a site's own; what is the organizers' matter is not asked."""

    is_main = None
    order_mark = None
    pinned = None
    held = None
    duration = None
    guid = HiddenField()
    version = HiddenField()

    def __init__(self, *args: Any, needs_room: bool = True, **options: Any) -> None:
        """Offer to have no room where the session has none (it is held online alone)."""
        super().__init__(*args, **options)
        if not needs_room:
            self.room.validators = []
            self.room.flags.required = False
        if parsed_guid(self.guid.data) is None:
            self.guid.data = str(uuid4())

    @property
    def session_guid(self) -> UUID:
        """The guid that a new session will have."""
        return parsed_guid(self.guid.data) or uuid4()

    @property
    def values(self) -> dict[str, Any]:
        """The words and people as plain values."""
        return {
            "kind": self.kind.data,
            "language": self.language.data,
            **{name: translations(self, name) for name in ("title", "abstract")},
            "track_id": None,
            **self.details,
            **{name: list(getattr(self, name).data or []) for name in PEOPLE.values()},
            "remote": sorted(self.remote.data or []),
        }


class ReceptionForm(PlacementForm):
    """How a site receives a joined session; opting out is a page of its own."""

    received = None
    opt_out_reason = None

    def values(self, starts: timedelta, ends: timedelta) -> dict[str, Any]:
        """Return the answers as plain values; times as what they differ from those where it is held."""
        return {
            "mode": self.mode.data,
            "begins": starts // timedelta(minutes=1),
            "ends": ends // timedelta(minutes=1),
            "join_url": self.join_url.data or None,
            "capacity": self.capacity.data,
            "interpretation": self.interpretation.data or None,
            "local_part": translations(self, "local_part"),
            "officer": int(self.officer.data) if self.officer.data else None,
            "ready": bool(self.ready.data),
        }


class OptOutForm(Form):
    """Why a site does not take part."""

    version = HiddenField()
    opt_out_reason = StringField(
        lazy_gettext("Why does your site not take part?"),
        [required(), at_most(LONGEST_REASON)],
        description=lazy_gettext("The organizers read it, and it is kept with the session."),
    )


class SubmitForm(Form):
    """Handing a proposal to the organizers."""

    version = HiddenField()
    note = TextAreaField(
        lazy_gettext("What the organizers should know"),
        [at_most(LONGEST_NOTE)],
        description=lazy_gettext("For example why you ask for it, or until when you need an answer."),
    )


class DropForm(Form):
    """The change that is left out."""

    key = HiddenField()


class DecideForm(OverridingForm):
    """Taking chosen changes of a proposal, or returning it."""

    version = HiddenField()
    chosen = CheckboxList(lazy_gettext("Changes to take"), coerce=str)
    answer = TextAreaField(
        lazy_gettext("Your answer"),
        [at_most(LONGEST_NOTE)],
        description=lazy_gettext("The site gets it by mail. Needed when you return the proposal."),
    )

    def offer(self, keys: Sequence[str]) -> None:
        """Offer these changes."""
        self.chosen.choices = [(key, key) for key in keys]


def values_as_form(values: Values) -> dict[str, Any]:
    """Return proposed words, people, time and room as data for the form that they came from."""
    data: dict[str, Any] = {}
    for name, value in values.items():
        if name in _TEXTS:
            data |= spread(name, value)
        elif name == "track_id":
            data["track"] = str(value or "")
        elif name == "starts_at":
            data |= {"day": local(moment(value)).date(), "begins": local(moment(value)).time()}
        elif name == "ends_at":
            data["ends"] = local(moment(value)).time()
        elif name in ("room", "officer"):
            data[name] = str(value or "")
        elif name not in ("begins", "ends", "received", "reason"):
            data[name] = value
    return data


def reception_values_as_form(values: Values, origin: Placement) -> dict[str, Any]:
    """Return how a site proposes to receive a session as data for its form."""
    data = values_as_form(values)
    if "begins" in values:
        data["begins"] = clock_of(origin.starts_at + timedelta(minutes=values["begins"]))
    if "ends" in values:
        data["ends"] = clock_of(origin.ends_at + timedelta(minutes=values["ends"]))
    return data
