"""Days, months and moments that people write, as the stretch of time each means: ``2026-11-26`` is that whole day.

A date without a time zone is meant where Pagelens runs: its day begins at that machine's midnight. Stored moments are
texts in UTC, all of one form, so that they compare as texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_FORM = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.](?P<part>\d{1,6}))?)?)?)?)?"
    r"(?P<zone>Z|[+-](?:0\d|1\d|2[0-3]):?[0-5]\d)?"
)
_UNITS = ("year", "month", "day", "hour", "minute", "second")
_NEXT = {"minute": timedelta(minutes=1), "second": timedelta(seconds=1), "part": timedelta(milliseconds=1)}


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time from ``start`` to before ``end``, as texts like those that are stored."""

    start: str
    end: str

    @classmethod
    def of(cls, text: str) -> Stretch:
        """What a year, month, day, minute, second or moment means; `ValueError` for a text that is none of them."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise ValueError("a date is written as '2026-11-26', a month as '2026-11', a minute as '2026-11-26 14:30'")
        given = {name: value for name, value in match.groupdict().items() if value is not None and name != "zone"}
        part = int(given.pop("part", "0")[:3].ljust(3, "0")) * 1000
        numbers = {"month": 1, "day": 1} | {name: int(value) for name, value in given.items()}
        year, month, day, hour, minute, second = (numbers.get(name, 0) for name in _UNITS)
        try:
            start = datetime(year, month, day, hour, minute, second, part)
        except ValueError:
            raise ValueError("the calendar has no such day, or the day no such time") from None
        finest = "part" if match["part"] else [*given][-1]
        return cls(_utc(start, match["zone"]), _utc(_after(start, finest), match["zone"]))


def year_in(text: str) -> int:
    """The year of a date as files carry it, ``D:20240503…`` or ``2024:05:03 …``; 0 where there is none, or none yet."""
    found = re.match(r"(?:D:)?((?:19|20)\d\d)(?=\D|\d\d|$)", text.strip())
    year = int(found[1]) if found else 0
    return year if year <= datetime.now(UTC).year + 1 else 0


def _after(start: datetime, finest: str) -> datetime:
    """The beginning of the next year, month, day, minute, second or millisecond."""
    try:
        if finest == "year":
            return start.replace(year=start.year + 1)
        if finest == "month":
            return (start + timedelta(days=31)).replace(day=1)
        return start + _NEXT.get(finest, timedelta(days=1))
    except (ValueError, OverflowError):
        return datetime.max


def _utc(moment: datetime, zone: str | None) -> str:
    try:
        there = moment.astimezone() if zone is None else moment.replace(tzinfo=_zone(zone))
        return there.astimezone(UTC).isoformat(timespec="milliseconds")
    except (OverflowError, OSError, ValueError):  # years at the ends of the calendar, which no file was added in
        return moment.replace(tzinfo=UTC).isoformat(timespec="milliseconds")


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    ahead = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-ahead if text[0] == "-" else ahead)
