"""Reading reminder rules: who is due, who would be, and what was queued for nothing.

However many the rules, their moments and the people, these are a constant number of statements: the rules, the moments
(`Moment.find`), and one question over a common table `slots`, in which stands one row for each rule and moment.
"""

from dxday.reminders.queries.forecasts import Forecast, ForecastPerson, Line, forecast, list_forecast_people
from dxday.reminders.queries.moments import Slot, find_slots, next_due
from dxday.reminders.queries.people import Due, list_due
from dxday.reminders.queries.stored import (
    count_sent,
    get_edition,
    get_rule,
    has_sent,
    list_editions_with_rules,
    list_on,
    list_rules,
    lock_on,
)
from dxday.reminders.queries.waiting import Queued, list_ids, list_queued, list_without_person

__all__ = [
    "Due",
    "Forecast",
    "ForecastPerson",
    "Line",
    "Queued",
    "Slot",
    "count_sent",
    "find_slots",
    "forecast",
    "get_edition",
    "get_rule",
    "has_sent",
    "list_due",
    "list_editions_with_rules",
    "list_forecast_people",
    "list_ids",
    "list_on",
    "list_queued",
    "list_rules",
    "list_without_person",
    "lock_on",
    "next_due",
]
