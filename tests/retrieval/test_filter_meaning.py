"""What filters find, run over a real store and held against plain Python: dates, fields of a person's own, tags."""

import math
import operator
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.store.make import collection, item, put, record
from workbench.errors import FilterError
from workbench.retrieval import parse_filter
from workbench.store import Writer
from workbench.types.days import Stretch

OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
RUNS = settings(max_examples=150, deadline=None)
VALUES = [
    "2024",
    "2019.5",
    "-3",
    "1e3",
    ".5",
    "7.",
    "nan",
    "inf",
    "x y",
    "it's",
    "Ärger",
    "",
    "2024 ",
    "0x10",
    "a=1",
    "-",
]
META = [{"year": value, "n": "1", "z.b-c": value[::-1]} for value in VALUES] + [
    {},
    {"other": "2024"},
    {"ayear": "2024"},
]
ZONE = "America/St_Johns"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("filters"))
    with Writer(made) as writer:
        for i, meta in enumerate(META):
            put(writer, record(f"d{i}", 1, tags=("a", "b c") if i % 2 else (), meta=meta))
        writer.finish()
    return made


@pytest.fixture(scope="module")
def newfoundland():
    """A time zone half an hour off, with summer time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", ZONE)
        time.tzset()
        yield
    time.tzset()


def found(store, text):
    ids = store.page_ids(parse_filter(text))
    return {ref.document for ref in store.refs(ids).values()}


def those(fits):
    return {f"d{i}.pdf" for i, meta in enumerate(META) if fits(meta)}


def as_number(text):
    return float(text) if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?", text) else math.nan


@RUNS
@given(
    st.sampled_from(["year", "n", "z.b-c", "Year", "none"]),
    st.sampled_from([*OPERATORS]),
    st.one_of(
        st.sampled_from([as_number(v) for v in VALUES]).filter(math.isfinite),
        st.floats(-1e6, 1e6).map(lambda v: round(v, 3)),
    ),
)
@example("year", ">=", 2020.0)
def test_a_number_compares_with_the_values_that_are_numbers(store, field, sign, value):
    literal = format(value, "f")
    key, value = field.lower(), float(literal)
    number = {i: as_number(meta.get(key, "")) for i, meta in enumerate(META)}
    equal = "=" if sign == "!=" else sign
    fits = {f"d{i}.pdf" for i, have in number.items() if OPERATORS[equal](have, value)}
    everything = those(lambda meta: True)
    assert found(store, f"meta.{field} {sign} {literal}") == (everything - fits if sign == "!=" else fits)
    assert found(store, f"not meta.{field} {equal} {literal}") == everything - fits


@RUNS
@given(
    st.sampled_from(["year", "z.b-c", "none"]),
    st.sampled_from([*OPERATORS, "contains"]),
    st.one_of(st.sampled_from(VALUES), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4)),
)
@example("year", "=", "2024")
@example("year", "contains", "")
def test_a_text_compares_with_every_value_as_text(store, field, sign, value):
    quoted = value.replace("'", "''")
    if sign == "contains":
        expected = those(lambda meta: field in meta and value in meta[field])
    elif sign == "!=":
        expected = those(lambda meta: meta.get(field) != value)
    else:  # texts compare by their bytes, which in UTF-8 is by code point
        expected = those(lambda meta: field in meta and OPERATORS[sign](meta[field], value))
    assert found(store, f"meta.{field} {sign} '{quoted}'") == expected


def test_in_and_tags_and_what_cannot_be_compared(store):
    assert found(store, "meta.year in (2024, 'nan')") == {"d0.pdf", "d6.pdf"}
    assert found(store, "tag = 'b c'") == those(lambda meta: META.index(meta) % 2)
    assert found(store, "tag != 'b c'") == those(lambda meta: META.index(meta) % 2 == 0)
    with pytest.raises(FilterError, match="too large"):
        parse_filter(f"meta.year > {'9' * 400}")


ZONES = ("2026-11-26T20:50+99:00", "2026-11-26T20:50-24:00", "2026-11-26T20:50+05:60")  # that are none
MOMENTS = [
    datetime(2026, 11, 26, 0, 0, tzinfo=UTC),
    datetime(2026, 11, 26, 3, 29, 59, 999000, tzinfo=UTC),  # the last moment of the 25th in Newfoundland
    datetime(2026, 11, 26, 3, 30, tzinfo=UTC),
    datetime(2026, 11, 27, 3, 29, 59, 999000, tzinfo=UTC),
    datetime(2026, 11, 27, 3, 30, tzinfo=UTC),
    datetime(2026, 3, 8, 12, 0, tzinfo=UTC),  # summer time begins on this day
    datetime(2027, 1, 1, 3, 30, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 0, 5, 250000, tzinfo=UTC),
]


@pytest.fixture(scope="module")
def dated(tmp_path_factory):
    """Documents added at `MOMENTS`, stored as the writer stores them."""
    made = collection(tmp_path_factory.mktemp("dated"))
    with Writer(made) as writer:
        for i, moment in enumerate(MOMENTS):
            started = writer.begin_document(record(f"d{i}", 1))
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", started.added)
            put_at = replace(started, added=moment.isoformat(timespec="milliseconds"))
            writer.add_pages(put_at, [item(put_at, 1)])
            writer.finish_document(put_at)
        writer.finish()
    return made


@RUNS
@given(
    st.sampled_from([*OPERATORS]),
    st.one_of(
        st.sampled_from(MOMENTS), st.datetimes(datetime(2023, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
    ),
    st.sampled_from([4, 7, 10, 16, 19]),
)
@example("=", MOMENTS[2], 10)
def test_a_date_is_the_whole_of_it_where_pagelens_runs(dated, newfoundland, sign, moment, length):
    zone = ZoneInfo(ZONE)
    text = moment.astimezone(zone).isoformat()[:length]
    here = [m.astimezone(zone).isoformat()[:length] for m in MOMENTS]
    expected = {f"d{i}.pdf" for i, one in enumerate(here) if OPERATORS[sign](one, text)}
    assert found(dated, f"added {sign} '{text}'") == expected


def test_the_day_of_the_issue_is_found_and_other_forms_are(dated):
    assert "d2.pdf" in found(dated, "added = '2026-11-26T03:30Z'")
    assert found(dated, "added = '2026-11-26 00:00+00:00' or added = '2024-02-29T12:00:05.250+00:00'") == {
        "d0.pdf",
        "d7.pdf",
    }
    assert found(dated, "added = '2026-11-26T09:00:00.000+05:30'") == {"d2.pdf"}
    assert found(dated, "added < '0001'") == set() and len(found(dated, "added <= '9999'")) == len(MOMENTS)
    assert len(found(dated, "added in ('2026', '2024-02')")) >= 6
    assert len(found(dated, "added >= 2026 and added < 2028")) == 7
    for bad in ("26.11.2026", "2026-13", "2026-02-30", "2026-1-1", "yesterday", "", "2026-11-26T25:00", *ZONES):
        with pytest.raises(
            FilterError, match=r"'added' is a date, and .* is none \((a date is written|the calendar has)"
        ):
            parse_filter(f"added = '{bad}'")


def test_today_is_found_today(store):
    today = datetime.now().date()
    both = found(store, f"added = '{today}'") | found(store, f"added = '{today - timedelta(days=1)}'")  # at midnight
    assert both == those(lambda meta: True)


@given(st.text(max_size=30))
def test_any_text_is_a_stretch_or_is_refused(text):
    try:
        stretch = Stretch.of(text)
    except ValueError:
        return
    assert stretch.start < stretch.end
