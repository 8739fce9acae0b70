"""An issue of a listing as it is read: code and category for the catalogue, and Amazon's sentence without anybody's data."""

import msgspec
import pytest

from forain.core.errors import Problem
from forain.marketplaces.amazon import wire
from forain.marketplaces.amazon.listings import problem
from forain.marketplaces.amazon.refusals import REFUSALS


def issue(message="no", categories=(), **more):
    told = {"code": "8541", "message": message, "severity": "ERROR", "categories": categories, **more}
    return problem(wire.decoded(msgspec.json.encode(told), wire.ListingIssue))


def test_code_field_and_first_category_are_kept():
    found = issue("no", ["INVALID_PRICE", "DUPLICATE"], attributeNames=["brand", "size"])

    assert found == Problem("8541", "no", "brand, size", category="INVALID_PRICE")


@pytest.mark.parametrize("categories", [[], None])
def test_none_is_no_category(categories):
    assert issue(categories=categories).category == ""


def test_a_hint_is_no_error():
    assert issue(severity="WARNING").warning
    assert not issue(severity="FATAL").warning


def test_what_is_needed_of_the_sentence_stays():
    told = (
        "The standard_product_id 4006381333931 corresponds to the ASIN B0ABCDEFGH, but size (Merchant: 'S/M' / Amazon: '36') "
        "and list_price 19.99 EUR contradict it. See https://sellercentral.amazon.com/gp/errorcode/8541"
    )

    assert issue(told).text == told


def test_what_is_somebodys_goes():
    kept = issue('Write to jane.doe@example.org, {"name": "Jane Doe", "phone": "+33 1 23"}, Atzr|secret-token').text

    assert [part for part in ("jane.doe", "Jane Doe", "+33", "secret-token") if part in kept] == []
    assert kept.startswith("Write to ***")


def test_what_amazon_says_at_once_of_a_whole_request_is_known_too():
    assert REFUSALS.kind("InvalidInput") == "invalid"
