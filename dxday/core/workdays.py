"""Working days in Vietnam: Monday to Friday without the public holidays (Labour Code 45/2019/QH14 Art. 112)."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

_DAY = timedelta(days=1)
_NONE: Mapping[date, bool] = MappingProxyType({})


def is_working_day(day: date, *, overrides: Mapping[date, bool] = _NONE) -> bool:
    """Tell whether offices work on `day`; days that the government exchanged for others are counted as exchanged.

    The government announces exchanged days for each year in the autumn before; what is not announced is not known
    to the calendar.  `overrides` says of single days whether they are off, and is believed.
    """
    off = overrides.get(day)
    return day not in _days_off(day.year) if off is None else not off


def add_working_days(
    day: date, count: int, *, backwards: bool = False, overrides: Mapping[date, bool] = _NONE
) -> date:
    """Return the working day that is `count` working days after `day`, or before it when `count` is negative.

    The day itself is not counted.  For 0 it is the day itself, else the nearest working day after it, or before it
    when `backwards`.  `overrides` says of single days whether they are off.
    """
    step = -_DAY if count < 0 or (count == 0 and backwards) else _DAY
    left = abs(count)
    while left or not is_working_day(day, overrides=overrides):
        day += step
        if left and is_working_day(day, overrides=overrides):
            left -= 1
    return day


@cache
def _days_off(year: int) -> frozenset[date]:
    from holidays import country_holidays  # loaded by who counts working days, and by nobody else

    calendar, first = country_holidays("VN", years=year), date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range((date(year, 12, 31) - first).days + 1))
    return frozenset(day for day in days if not calendar.is_working_day(day))
