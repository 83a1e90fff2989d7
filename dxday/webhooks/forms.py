"""The shape of a hook, and of its buttons."""

from collections.abc import Iterable
from typing import Any

from wtforms import HiddenField, SelectMultipleField, StringField, URLField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from dxday.core.i18n import lazy_gettext
from dxday.web.forms import Form, at_most, required
from dxday.webhooks.rules import EVENTS, NAME_LENGTH, TOPIC_NAMES, Topic


class EventList(SelectMultipleField):
    """The events of one topic, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, topic: Topic, **options: Any) -> None:
        """Offer the events of the topic."""
        choices = [SelectChoice(event.name, event.label) for event in EVENTS if event.topic is topic]
        super().__init__(TOPIC_NAMES[topic], choices=choices, **options)


class HookForm(Form):
    """Who is told, where, and of what."""

    version = HiddenField()
    name = StringField(lazy_gettext("Name"), [required(), at_most(NAME_LENGTH)])
    url = URLField(lazy_gettext("Address"), [required(), at_most(2000)])
    programme = EventList(Topic.PROGRAMME)
    registration = EventList(Topic.REGISTRATION)
    edition = EventList(Topic.EDITION)
    honours = EventList(Topic.HONOURS)

    def topics(self) -> list[EventList]:
        """Return the fields of events."""
        return [self[topic.value] for topic in Topic]

    def chosen(self) -> list[str]:
        """Return the names of the chosen events."""
        return [name for field in self.topics() for name in field.data or ()]


def spread_events(names: Iterable[str]) -> dict[str, list[str]]:
    """Return names of events as data for the fields of their topics."""
    wanted = set(names)
    return {
        topic.value: [event.name for event in EVENTS if event.topic is topic and event.name in wanted]
        for topic in Topic
    }


class ActForm(Form):
    """A button."""
