"""What an answer may hold: what no table can keep, no header can carry or nobody can mean is said, not passed on."""

import msgspec
import pytest

from forain.core import errors
from forain.net.answers import Key, Name, Plain, Whole, decoded, part


class Told(msgspec.Struct):
    title: Plain = ""
    name: Name = "x"
    token: Key = "x"
    count: Whole = 0
    rest: msgspec.Raw = msgspec.Raw(b"")


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "a\\u0000b"}', b'{"name": ""}', b'{"name": "%s"}' % (b"x" * 201), b'{"token": ""}', b'{"token": "a\\nb"}',
        b'{"token": "caf\xc3\xa9"}', b'{"count": 1000000000001}', b'{"count": 1.0}', b'{"count": "1"}', b'{"count": 1e999}', b"null", b"[]",
        b'{"rest": %s}' % (b"[" * 5000 + b"]" * 5000), b'{"more": %s}' % (b"[" * 5000 + b"]" * 5000),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_malformed(body):
    with pytest.raises(errors.Malformed):
        decoded(body, Told)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"title": "x', b'{"title": NaN}', b'{"title": "\xff"}', b'\xef\xbb\xbf{"title": "x"}']
)
def test_what_is_no_json_says_that_the_other_side_is_ill(body):
    with pytest.raises(errors.ServerFault):
        decoded(body, Told)


def test_half_a_character_becomes_the_sign_for_unreadable_and_whole_ones_stay():
    told = decoded(rb'{"title": "cut \ud83d", "name": "\ud83d\ude00 \\ud83d \udc00"}', Told)

    assert (told.title, told.name) == ("cut \ufffd", "😀 \\ud83d \ufffd")


def test_half_a_character_in_one_entry_breaks_no_other():
    told = decoded(rb'[{"title": "\ud83d"}, {"title": "whole"}, {"\udfff": 1}]', list[msgspec.Raw])

    assert [part(raw, Told).title for raw in told] == ["\ufffd", "whole", ""]


def test_an_entry_with_letters_that_are_none_is_malformed_alone():
    with pytest.raises(errors.Malformed):
        part(msgspec.Raw(b'{"title": "\xff"}'), Told)
