"""Whatever MWS answers in good XML or in its files: a value that can be kept, or malformed; one bad item stops no other."""

import contextlib
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.contracts.marketplace import Parcel
from forain.contracts.net import Request, Response
from forain.core import errors
from forain.core.clock import Window
from forain.core.money import Money
from forain.core.offers import Change
from forain.marketplaces.amazon_mws import too_fast
from forain.marketplaces.amazon_mws.tests.parts import FR, T0, account, answer, key, refusal, response
from forain.marketplaces.amazon_mws.tests.test_calls import PARTICIPATIONS
from forain.marketplaces.amazon_mws.tests.test_counts import WHOLE, WINDOW
from forain.marketplaces.amazon_mws.tests.test_feeds import NONE_WAITS, taken, waiting
from forain.marketplaces.amazon_mws.tests.test_orders import an_order, item, items, listed
from forain.marketplaces.amazon_mws.tests.test_reports import ASKED, CP1252, YOUNG, file, requests, row

from .examples import examples
from .mutations import altered_rows, altered_xml, spoiled
from .values import keepable

ORDERS = [f"O-{number}" for number in range(1, 5)]
GOT = listed(an_order())[1].replace("ListOrders", "GetOrder")
OFFERS = file(row(), row("TWO"), row("THREE"))
COUNTED = (200, WHOLE, CP1252)
READY = requests(("5", "_DONE_", YOUNG))
Answer = tuple[Any, ...]


class Mws:
    """A net that answers each action as it was told. `spoil`: action -> what becomes of that answer's body."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.spoil: dict[str, Callable[[bytes], bytes]] = {}

    def send(self, request: Request) -> Response:
        action = {**(request.query or {}), **(request.form or {})}["Action"]
        # A list that claims to go on, and does not.
        shown = self.answers.get(action) or (200, answer(action, ""))
        status, body, *kind = shown
        content = body if isinstance(body, bytes) else body.encode()
        return response(status, self.spoil.get(action, bytes)(content), *kind)


PARCEL = Parcel("1", "DHL", "1", T0, {"L1": 1})
CALLS: dict[str, tuple[Callable[[Any], Any], dict[str, Answer], tuple[type[Exception], ...]]] = {
    "probe": (lambda a: a.probe(), {"ListMarketplaceParticipations": (200, PARTICIPATIONS)}, (errors.Rejected,)),
    "changed": (
        lambda a: a.changed(Window(T0, T0), None),
        {"ListOrders": listed(*map(an_order, ORDERS), token="t"), "ListOrderItems": items(item(), item("L2"))}, (),
    ),
    "order": (lambda a: a.order("O-1"), {"GetOrder": (200, GOT), "ListOrderItems": items(item())}, ()),
    "submit": (
        lambda a: list(a.submit([Change(key(), 1, Money(1, "EUR"))])),
        {"GetFeedSubmissionList": NONE_WAITS, "SubmitFeed": taken(1)}, (errors.Throttled,),
    ),
    "submit, waiting": (
        lambda a: list(a.submit([Change(key(), 1, None)])),
        {"GetFeedSubmissionList": waiting(YOUNG), "SubmitFeed": taken(1)}, (errors.Throttled,),
    ),
    "confirm": (lambda a: a.confirm("O-1", FR, PARCEL), {"SubmitFeed": taken(1)}, ()),
    "observe": (
        lambda a: a.observe([key(), key("TWO")]).offers,
        {"GetReportRequestList": READY, "GetReport": OFFERS, "RequestReport": ASKED}, (errors.Busy,),
    ),
    "sweep": (lambda a: a.sweep(FR, "5"), {"GetReportRequestList": READY, "GetReport": OFFERS}, (errors.Busy,)),
    "count": (lambda a: a.counted(WINDOW, [FR], "5"), {"GetReportRequestList": READY, "GetReport": COUNTED}, ()),
    "count, begun": (lambda a: a.counted(WINDOW, [FR], None), {"RequestReport": ASKED}, ()),
}  # fmt: skip
"""Call -> how it is made, what MWS answers, and what else than malformed another answer in good form may mean."""


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_in_good_form_is_a_value_or_malformed(name, tally):
    call, answers, others = CALLS[name]
    mws, came = Mws(answers), Counter()
    if "waiting" not in name:
        call(account(mws))

    @examples(80, name)
    @given(st.data(), st.sampled_from(sorted(answers)))
    def answered(data, action):
        tally[f"MWS: answers of {name}"] += 1
        altered = altered_rows if action == "GetReport" else altered_xml
        mws.spoil = {action: lambda body: data.draw(altered(body, 3))}
        try:
            keepable(call(account(mws)))
            came["value"] += 1
        except (errors.Malformed, *others) as error:
            keepable(dict(error.placeholders))
            keepable(getattr(error, "problems", ()))
            came[type(error).__name__] += 1

    answered()
    assert came["value"] + came["Malformed"] > 0.2 * came.total()


REFUSED = refusal("AccessDenied", "AuthToken is not valid for SellerId and AWSAccountId").encode()


@pytest.mark.parametrize("name", CALLS)
def test_a_refusal_is_one_of_our_errors_whatever_its_body(name, tally):
    call, answers, _ = CALLS[name]
    mws = Mws(answers)

    @examples(30, name)
    @given(st.data(), st.sampled_from([400, 401, 403, 404, 409, 413, 418]))
    def refused(data, status):
        tally[f"MWS: refusals of {name}"] += 1
        body = data.draw(altered_xml(REFUSED, 3) | spoiled(REFUSED) | spoiled(b"<html>"))
        mws.answers = dict.fromkeys(answers, (status, body))
        try:
            keepable(call(account(mws)))
        except errors.AdapterError as error:
            keepable((dict(error.placeholders), getattr(error, "problems", ())))
            str(error)
        assert too_fast(response(status, body)) is False

    refused()


@pytest.mark.parametrize("name", CALLS)
def test_bytes_that_are_spoiled_are_a_value_or_one_of_our_errors(name, tally):
    call, answers, others = CALLS[name]
    mws = Mws(answers)

    @examples(20, name)
    @given(st.data(), st.sampled_from(sorted(answers)))
    def answered(data, action):
        tally[f"MWS: bytes of {name}"] += 1
        mws.spoil = {action: lambda body: data.draw(spoiled(body))}
        with contextlib.suppress(errors.Malformed, errors.ServerFault, *others):
            keepable(call(account(mws)))

    answered()


def test_one_spoiled_order_of_a_page_stops_no_other_and_is_named(tally):
    call, answers, _ = CALLS["changed"]
    mws = Mws(answers)
    whole = {order.key.order_id: order for order in call(account(mws)).orders}
    assert list(whole) == ORDERS

    @examples(120)
    @given(st.data(), st.integers(0, 3))
    def spoiled_one(data, number):
        tally["MWS: one order of a page"] += 1
        mws.spoil = {
            "ListOrders": lambda body: _with_one(
                "Order", number, body, data.draw(altered_xml(an_order(ORDERS[number]).encode(), 3, deep=False))
            )
        }
        page = call(account(mws))
        keepable(page)

        found = {order.key.order_id: order for order in page.orders}
        others = [name for name in ORDERS if name != ORDERS[number]]
        assert {name: found.get(name) for name in others} == {name: whole[name] for name in others}
        assert len(page.orders) + len(page.unread) == len(ORDERS)

    spoiled_one()


def _with_one(name: str, number: int, body: bytes, other: bytes) -> bytes:
    """The answer with another element of that name in place `number`."""
    root = ET.fromstring(body)
    parent = next(one for one in root.iter() if any(child.tag.endswith("}" + name) for child in one))
    space = root.tag.partition("}")[0] + "}"
    spoiled_one = ET.fromstring(other)
    for element in spoiled_one.iter():
        element.tag = space + element.tag
    spoiled_one.tag = space + name
    parent[number] = spoiled_one
    return ET.tostring(root)


SKUS = ("SOAP", "TWO", "THREE")


def test_one_spoiled_line_of_a_report_stops_no_other(tally):
    mws = Mws(CALLS["sweep"][1])
    whole = {offer.key.sku: offer for offer in account(mws).sweep(FR, "5").offers}
    assert tuple(whole) == SKUS

    @examples(120)
    @given(st.data(), st.integers(1, 3))
    def spoiled_one(data, number):
        tally["MWS: one line of a report"] += 1

        def other(body):
            lines = body.split(b"\n")
            return b"\n".join(
                [*lines[:number], data.draw(altered_rows(lines[number], 2, lines=False)), *lines[number + 1 :]]
            )

        mws.spoil = {"GetReport": other}
        page = account(mws).sweep(FR, "5")
        keepable(page)

        others = [sku for sku in SKUS if sku != SKUS[number - 1]]
        # A line that took another one's name stands beside it.
        assert all(whole[sku] in page.offers for sku in others)
        assert len(page.offers) + len(page.unread) >= len(others)

    spoiled_one()
