"""Accounts that share a stock: what they take together, and that shares up to 100 never show a piece twice."""

import re
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.claims import Claim, claim_of, together, twice
from forain.core.rules import effective
from forain.core.stock import AtLocation, StockLevel, StockRule, sellable


def takes(*percents_and_locations):
    return [Claim(Decimal(percent), tuple(at)) for percent, *at in percents_and_locations]


@pytest.mark.parametrize(
    ("accounts", "percent"),
    [
        ([takes((100,)), takes((100,))], 200),
        ([takes((60,)), takes((50,))], 110),
        ([takes((60,)), takes((40,))], 100),
        ([takes(("33.33",)), takes(("33.33",)), takes(("33.34",))], 100),
        # Two locations: never the same pieces. All locations beside one of them: the same pieces there.
        ([takes((100, "Lyon")), takes((100, "Paris"))], 100),
        ([takes((100, "Lyon")), takes((100, "LYON", "Paris"))], 200),
        ([takes((100, "Lyon")), takes((30,))], 130),
        # An account that sells it under several SKUs or sites counts once, with the most.
        ([takes((50,), (20,)), takes((50,))], 100),
        ([takes((50, "Lyon"), (70, "Paris")), takes((50, "Lyon"), (40, "Paris"))], 110),
        ([takes((50,)), []], 50),
        ([[], []], 0),
    ],
)
def test_what_accounts_take_of_the_same_pieces(accounts, percent):
    assert together(accounts) == percent
    assert twice(together(accounts)) == (percent > 100)


def test_what_does_not_come_from_the_stock_takes_nothing_of_it():
    assert claim_of(effective([("account", {"fixed": "20"})], "EUR")) is None
    assert claim_of(effective([("account", {"quantity_led_by": "other_tool"})], "EUR")) is None
    assert claim_of(effective([("account", {"share": "12.5", "locations": "Lyon"})], "EUR")) == Claim(
        Decimal("12.5"), ("Lyon",)
    )


percent = st.decimals(0, 100, places=2)


def hundredths(share):
    return share.quantize(Decimal("0.01"), ROUND_DOWN)


@given(
    lies=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 30)), min_size=1, max_size=3),
    elsewhere=st.integers(0, 30), sold=st.integers(0, 30), data=st.data(),
)  # fmt: skip
def test_shares_up_to_100_never_show_more_pieces_than_are_free(lies, elsewhere, sold, data):
    """However odd the shares, and whatever locations each of them counts: each is rounded down."""
    at = tuple(AtLocation(f"L{n}", hand, min(promised, hand)) for n, (hand, promised) in enumerate(lies))
    level = StockLevel(sum(one.on_hand for one in at), sum(one.allocated for one in at) + elsewhere, at)
    names = st.lists(st.sampled_from([one.name for one in at]), unique=True).map(tuple)
    rules = data.draw(
        st.lists(
            st.builds(
                StockRule, share=percent, locations=names, buffer=st.integers(0, 3), last_pieces=st.integers(0, 3)
            ),
            min_size=2,
            max_size=5,
        )
    )
    # Too much together is made less, in proportion.
    percent_together = max(together([[Claim(rule.share, rule.locations)] for rule in rules]), Decimal(100))
    rules = [replace(rule, share=hundredths(rule.share * 100 / percent_together)) for rule in rules]
    assert not twice(together([[Claim(rule.share, rule.locations)] for rule in rules]))

    shown = sum(sellable(level, sold, rule).quantity for rule in rules)

    assert shown <= max(level.on_hand - level.allocated - sold, 0)


@given(free=st.integers(0, 1_000_000), shares=st.lists(percent, min_size=1, max_size=4))
def test_what_rounding_down_leaves_unsold_is_less_than_a_piece_for_each_account(free, shares):
    shares = [hundredths(share / len(shares)) for share in shares]
    shares = [*shares, 100 - sum(shares)]

    shown = sum(sellable(StockLevel(free), 0, StockRule(share=share)).quantity for share in shares)

    assert free - len(shares) < shown <= free


@given(free=st.integers(0, 60), kept=st.integers(0, 20))
def test_who_yields_shows_what_remains_above_what_it_keeps_back_or_nothing_of_the_last_pieces(free, kept):
    leads, yields, leaves = (
        sellable(StockLevel(free), 0, rule).quantity
        for rule in (StockRule(), StockRule(buffer=kept), StockRule(last_pieces=kept))
    )

    assert (leads, yields) == (free, max(free - kept, 0))
    assert leaves == (free if free > kept else 0)


def test_the_examples_of_the_page_are_what_comes_of_them():
    page = (Path(__file__).resolve().parents[2] / "docs/reference/rules.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \|((?: \d+ and \d+ \|){4})$", page, re.MULTILINE)
    half = Decimal(50)
    pairs = [
        (StockRule(share=Decimal(60)), StockRule(share=Decimal(40))),
        (StockRule(), StockRule(buffer=5)),
        (StockRule(), StockRule(last_pieces=5)),
        (StockRule(share=half), StockRule(share=half, last_pieces=5)),
    ]

    assert len(rows) == 5
    for free, cells in rows:
        reckoned = [[sellable(StockLevel(int(free)), 0, rule).quantity for rule in pair] for pair in pairs]
        assert [[int(text) for text in re.findall(r"\d+", cell)] for cell in cells.split("|")[:-1]] == reckoned
