"""Working days in Vietnam: Monday to Friday without the public holidays (Labour Code 45/2019/QH14 Art. 112)."""

from datetime import date, timedelta
from functools import cache

_DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    """Tell whether offices work on `day`; days that the government exchanged for others are counted as exchanged.

    The government announces exchanged days for each year in the autumn before; what is not announced is not known.
    """
    return day not in _days_off(day.year)


def add_working_days(day: date, count: int, *, backwards: bool = False) -> date:
    """Return the working day that is `count` working days after `day`, or before it when `count` is negative.

    The day itself is not counted.  For 0 it is the day itself, else the nearest working day after it, or before it
    when `backwards`.
    """
    step = -_DAY if count < 0 or (count == 0 and backwards) else _DAY
    left = abs(count)
    while left or not is_working_day(day):
        day += step
        if left and is_working_day(day):
            left -= 1
    return day


@cache
def _days_off(year: int) -> frozenset[date]:
    from holidays import country_holidays  # loaded by who counts working days, and by nobody else

    calendar, first = country_holidays("VN", years=year), date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range((date(year, 12, 31) - first).days + 1))
    return frozenset(day for day in days if not calendar.is_working_day(day))
