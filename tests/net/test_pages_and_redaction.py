"""Pages that end, windows that overlap, and what is starred before it is kept."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.errors import Malformed
from forain.net.pages import overlapping, pages
from forain.net.redaction import scrub, shape
from tests.net.test_net import T0


@dataclass(frozen=True)
class Page:
    number: int
    cursor: str | None


def test_pages_are_read_to_the_end_one_by_one():
    asked = []

    def fetch(cursor):
        asked.append(cursor)
        return Page(len(asked), {None: "a", "a": "b"}.get(cursor))

    reading = pages(fetch)
    assert next(reading).number == 1
    assert asked == [None]
    assert [page.number for page in reading] == [2, 3]
    assert asked == [None, "a", "b"]


@pytest.mark.parametrize("following", [{None: "a", "a": "a"}, {None: "a", "a": "b", "b": "a"}])
def test_a_cursor_that_comes_twice_ends_the_reading(following):
    with pytest.raises(Malformed):
        list(pages(lambda cursor: Page(1, following[cursor])))


def test_reading_goes_on_where_it_stopped():
    assert [page.number for page in pages(lambda cursor: Page(int(cursor), None), "7")] == [7]


minutes = st.integers(-100_000, 100_000).map(lambda n: timedelta(minutes=n))


@given(known=st.none() | minutes, overlap=st.integers(0, 600).map(lambda n: timedelta(minutes=n)))
def test_a_window_reaches_from_before_what_is_known_to_now(known, overlap):
    known_until = T0 + known if known is not None else None

    window = overlapping(known_until, T0, overlap=overlap, first=timedelta(days=2))

    assert window.until == T0
    assert window.since <= T0 - overlap
    if known_until is not None:
        assert window.since <= known_until - overlap


def test_the_shape_of_an_answer_has_names_and_kinds_and_no_value():
    body = (
        b'{"orders": [{"name": "canary", "total": 12.5, "open": true, "none": null}, {"name": "canary"}], "next": []}'
    )

    assert shape(body) == (
        '{"orders": [{"name": "text", "total": "number", "open": "yes or no", "none": null}, "2 entries"], "next": []}'
    )
    assert shape(b"<html>canary") == ""
    assert shape(b"[" * 100_000) == ""


def test_an_error_body_keeps_its_code_and_loses_its_secrets():
    body = '{"errors":[{"code":"InvalidInput","message":"Basic canary"}],"buyerName":"canary"}'

    kept = scrub(body)

    assert "InvalidInput" in kept
    assert "canary" not in kept


@given(st.text())
def test_scrubbing_twice_changes_nothing_more(text):
    assert scrub(scrub(text)) == scrub(text)
