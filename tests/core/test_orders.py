"""The order table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forain.core.bundles import Component
from forain.core.ids import OrderKey
from forain.core.money import LineTotal, Money
from forain.core.orders import (
    Address,
    Cancel,
    Create,
    Hold,
    Line,
    Nothing,
    Order,
    OrderState,
    OrderStatus,
    Readings,
    step,
    without_buyer,
)

T0 = datetime(2026, 3, 1, tzinfo=UTC)
EUR = "EUR"
ORDER = Order(
    key=OrderKey(1, "302-1"),
    site="FR",
    status=OrderStatus.UNSHIPPED,
    fulfilled_by="merchant",
    purchased_at=T0,
    updated_at=T0,
    lines=(
        Line(
            "1", "SOAP", "Soap", 3, LineTotal(Money(2070, EUR)), LineTotal(Money(490, EUR)), LineTotal(Money(100, EUR))
        ),
        Line("2", "OIL", "Oil", 1, LineTotal(Money(1450, EUR))),
    ),
    currency=EUR,
    ship_to=Address("A", ("1 rue",), "Lyon", "69003", "FR"),
)
LINKS = {"SOAP": "v1", "OIL": "v2"}


def test_a_payable_known_order_is_created_with_its_exact_amounts():
    found = step(ORDER, None, LINKS)

    assert isinstance(found, Create)
    assert found.draft.total == Money(2070 + 1450 + 490 - 100, EUR)
    assert [line.variant for line in found.draft.lines] == ["v1", "v2"]


@pytest.mark.parametrize(
    ("order", "known", "links", "expected"),
    [
        (replace(ORDER, status=OrderStatus.PENDING), None, LINKS, Hold("pending")),
        (ORDER, None, {"SOAP": "v1"}, Hold("unknown_sku", "OIL")),
        (replace(ORDER, ship_to=None), None, LINKS, Hold("address_missing")),
        (replace(ORDER, lines=()), None, LINKS, Hold("no_lines")),
        (replace(ORDER, lines=(replace(ORDER.lines[0], total=None),)), None, LINKS, Hold("price_missing")),
        (replace(ORDER, status=OrderStatus.SHIPPED), None, LINKS, Hold("already_shipped")),
        (replace(ORDER, status=OrderStatus.UNFULFILLABLE), None, LINKS, Hold("unfulfillable")),
        (replace(ORDER, status=OrderStatus.CANCELLED), None, LINKS, Nothing(OrderState.CANCELLED)),
        (replace(ORDER, status=OrderStatus.CANCELLED), OrderState.CREATED, LINKS, Cancel()),
        (ORDER, OrderState.CREATED, LINKS, Nothing(OrderState.CREATED)),
        (ORDER, OrderState.CANCELLED, LINKS, Nothing(OrderState.CANCELLED)),
        (replace(ORDER, fulfilled_by="marketplace"), None, {}, Nothing(OrderState.RECORDED)),
    ],
)
def test_the_order_table(order, known, links, expected):
    assert step(order, known, links) == expected


def test_a_bundle_comes_into_the_shop_as_its_articles_with_exactly_its_amounts():
    line = replace(ORDER.lines[0], tax=Money(345, EUR))
    made_of = [Component("v1", 2, "Soap", Money(690, EUR)), Component("v3", 1, "", Money(500, EUR))]

    found = step(replace(ORDER, lines=(line, ORDER.lines[1])), None, {"OIL": "v2"}, None, {"SOAP": made_of})

    assert isinstance(found, Create)
    first, second, oil = found.draft.lines
    assert (first.variant, first.quantity, first.title, first.line_id) == ("v1", 6, "Soap", "1:1/2x2")
    assert (second.variant, second.quantity, second.title, second.line_id) == ("v3", 3, line.title, "1:2/2x1")
    assert first.total.money.minor + second.total.money.minor == line.total.money.minor
    assert first.tax.minor + second.tax.minor == 345
    assert (oil.variant, oil.line_id, oil.quantity) == ("v2", "2", 1)
    assert found.draft.total == Money(2070 + 1450 + 490 - 100, EUR)


def test_an_order_being_created_is_finished_even_if_it_was_cancelled_meanwhile():
    cancelled = replace(ORDER, status=OrderStatus.CANCELLED)

    assert isinstance(step(cancelled, OrderState.CREATING, LINKS), Create)


def test_a_cancelled_order_that_no_longer_shows_its_goods_is_cancelled_wherever_it_may_be():
    emptied = replace(ORDER, status=OrderStatus.CANCELLED, lines=(), ship_to=None)

    assert step(emptied, OrderState.CREATING, LINKS) == Cancel()


def test_an_order_part_of_which_left_before_it_was_seen_is_for_a_person():
    partly = replace(ORDER, status=OrderStatus.PARTIALLY_SHIPPED)

    assert step(partly, None, LINKS) == Hold("already_shipped")
    assert step(partly, OrderState.CREATED, LINKS) == Nothing(OrderState.CREATED)
    assert isinstance(step(partly, OrderState.CREATING, LINKS), Create)


def test_what_was_bought_before_the_connection_and_has_left_is_nobodys_work():
    shipped = replace(ORDER, status=OrderStatus.SHIPPED)

    assert step(shipped, None, LINKS, T0 + timedelta(days=1)) == Nothing(OrderState.RECORDED)
    assert step(shipped, None, LINKS, T0) == Hold("already_shipped")


def test_a_line_that_was_cancelled_alone_is_left_out():
    empty = replace(ORDER.lines[1], quantity=0, total=None, sku="GONE")

    found = step(replace(ORDER, lines=(ORDER.lines[0], empty)), None, {"SOAP": "v1"})

    assert isinstance(found, Create)
    assert [line.sku for line in found.draft.lines] == ["SOAP"]


INES = Address("Inès Moreau", ("3 place du Marché", "Bât. B"), "Nantes", "44000", "FR", "", "+33 1 00 00 00 01")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("BAD Inès Moreau, 3 place du Marché has no place", "BAD ***, *** has no place"),
        ("the customer MOREAU exists", "the customer *** exists"),
        ("ines@mail.example or INES@mail.example is taken", "*** or *** is taken"),
        ("phone +33 1 00 00 00 01, 44000 Nantes", "phone ***, *** ***"),
        ("cut off at Inès Mor", "cut off at ***"),
        ("cut off at 3 place du", "cut off at ***"),
        ("INSUFFICIENT_STOCK v1", "INSUFFICIENT_STOCK v1"),
        ("440001 pieces in Nantesbourg", "440001 pieces in Nantesbourg"),
    ],
)
def test_a_text_about_an_order_is_told_without_its_buyer(text, told):
    order = replace(ORDER, ship_to=INES, buyer_email="ines@mail.example")

    assert without_buyer(text, order) == told
    assert without_buyer(text, None) == without_buyer(text, replace(ORDER, ship_to=None)) == text


def test_a_list_of_orders_is_believed_once_another_ends_after_it_was_read():
    minute = timedelta(minutes=1)
    first = Readings().then(T0 - 2 * minute, T0)
    too_soon = first.then(T0 - minute, T0 + minute)
    later = too_soon.then(T0 + minute, T0 + 3 * minute)
    again = later.then(T0 + 4 * minute, T0 + 6 * minute)

    assert first.sold_until is None
    assert too_soon == first
    assert later.sold_until == T0 - 2 * minute
    assert again.sold_until == T0 + minute
