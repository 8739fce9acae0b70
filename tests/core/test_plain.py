"""Text from outside on one line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core import errors
from forain.core.plain import one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Savon à l'huile 🧼 日本", "Savon à l'huile 🧼 日本"), ("a\nb", "a\\nb"), ("a\r\nb", "a\\r\\nb"),
        ("\x1b[2J\x1b]0;x\x07", "\\x1b[2J\\x1b]0;x\\x07"), ("\x9b31m", "\\x9b31m"), ("a\u2028b", "a\\u2028b"),
        ("abc\u202ecba", "abc\\u202ecba"), ("nul\0", "nul\\x00"), ("half\ud800", "half\\ud800"), ("a\x85b", "a\\x85b"),
    ],
)  # fmt: skip
def test_what_is_not_seen_is_written_out(text, shown):
    assert one_line(text) == shown == one_line(one_line(text))


@given(st.text())
def test_it_is_one_line_that_any_file_can_hold(text):
    shown = one_line(text)

    assert len(shown.splitlines()) <= 1
    shown.encode()
    assert "\x1b" not in shown


def test_an_error_is_told_on_one_line():
    error = errors.Rejected(
        [errors.Problem("refused", "no\n2026-01-01 WARNING forged")], request_id="r\x1b[31m", placeholders={"a": "b\rc"}
    )

    assert str(error).splitlines() == [str(error)]
    assert "\x1b" not in json.dumps(str(error), ensure_ascii=False)
