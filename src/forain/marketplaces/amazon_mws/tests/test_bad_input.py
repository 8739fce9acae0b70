"""Whatever answers: a value, or one of the errors the shell knows what to do with. Cut, swapped, doubled, foreign."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forain.contracts.marketplace import Parcel
from forain.core.clock import Window
from forain.core.errors import AdapterError
from forain.core.money import Money
from forain.core.offers import Change
from forain.marketplaces.amazon_mws import too_fast
from forain.marketplaces.amazon_mws.tests.parts import FR, T0, Wire, account, key, refusal, response
from forain.marketplaces.amazon_mws.tests.test_calls import PARTICIPATIONS
from forain.marketplaces.amazon_mws.tests.test_counts import WHOLE, WINDOW, made
from forain.marketplaces.amazon_mws.tests.test_feeds import NONE_WAITS, taken, waiting
from forain.marketplaces.amazon_mws.tests.test_orders import an_order, item, items, listed
from forain.marketplaces.amazon_mws.tests.test_reports import ASKED, YOUNG, file, requests, row

Answers = list[tuple[Any, ...]]
CALLS: dict[str, tuple[Callable[[Any], Any], Answers]] = {
    "probe": (lambda a: a.probe(), [(200, PARTICIPATIONS)]),
    "changed": (lambda a: a.changed(Window(T0, T0), None), [listed(an_order(), token="t"), items(item(), item("L2"))]),
    "order": (lambda a: a.order("O-1"), [(200, listed(an_order())[1].replace("ListOrders", "GetOrder")), items(item())]),
    "submit": (lambda a: list(a.submit([Change(key(), 1, Money(1, "EUR"))])), [NONE_WAITS, taken(1), taken(2)]),
    "submit, waiting": (lambda a: list(a.submit([Change(key(), 1, None)])), [waiting(YOUNG), taken(1)]),
    "confirm": (lambda a: a.confirm("O-1", FR, Parcel("1", "DHL", "1", T0, {"L1": 1})), [taken(1), taken(2)]),
    "observe": (lambda a: a.observe([key()]), [requests(("4", "_DONE_", YOUNG)), file(row(), row("TWO"))]),
    "sweep": (lambda a: a.sweep(FR, "5"), [requests(("5", "_DONE_", YOUNG)), file(row(), row("TWO"))]),
    "count": (lambda a: a.counted(WINDOW, [FR], "5"), [*made(WHOLE)]),
    "count, begun": (lambda a: a.counted(WINDOW, [FR], None), [ASKED]),
    "refused": (lambda a: a.probe(), [(401, refusal("AccessDenied", "AuthToken is not valid"))]),
}  # fmt: skip
PIECES = [
    b"",
    b"<",
    b">",
    b"&",
    b"&x;",
    b"\0",
    b"\xff",
    b"\t",
    b"]]>",
    b"9" * 30,
    b"-1",
    "é\u2028".encode(),
    b"<a>" * 40,
    b"NaN",
    b"1e9",
]


def content(answer: tuple[Any, ...]) -> bytes:
    return answer[1] if isinstance(answer[1], bytes) else answer[1].encode()


@st.composite
def spoiled(draw: Any, answers: Answers) -> Answers:
    """The answers, one of them cut out of, or with something else in a place of it."""
    which = draw(st.integers(0, len(answers) - 1))
    body = content(answers[which])
    start = draw(st.integers(0, len(body)))
    end = min(len(body), start + draw(st.sampled_from([0, 1, 3, 12, 10**6])))
    status, _, *kind = answers[which]
    changed = (
        draw(st.sampled_from([status, status, 200, 404])),
        body[:start] + draw(st.sampled_from(PIECES)) + body[end:],
        *kind,
    )
    # What is asked for beyond the answers there are is answered with the last one: a list may claim to go on.
    return [*answers[:which], changed, *answers[which + 1 :], *answers[-1:] * 4]


@pytest.mark.parametrize("name", CALLS)
def test_a_spoiled_answer_is_a_value_or_an_error_of_the_contract(name):
    call, answers = CALLS[name]

    @settings(max_examples=150, deadline=None, database=None)
    @given(spoiled(answers))
    def tried(told: Answers) -> None:
        with contextlib.suppress(AdapterError):
            call(account(Wire(*told)))
        assert too_fast(response(*told[0])) is False

    tried()


@pytest.mark.parametrize("name", CALLS)
def test_the_answers_as_they_are_can_be_read(name):
    call, answers = CALLS[name]

    if name == "refused" or "waiting" in name:
        with pytest.raises(AdapterError):
            call(account(Wire(*answers)))
    else:
        call(account(Wire(*answers)))
