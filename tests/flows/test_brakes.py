"""A broken file empties no shelf: too many large changes at once are held and asked about; sales never are."""

from decimal import Decimal

import pytest
from django.db.models import Q

from forain.core.ids import AccountId
from forain.flows import brake, empty_shelves, set_rules
from forain.store import brakes, models, offers
from forain.store.rules import Place

from .conftest import FR

MANY = 60


@pytest.fixture
def shelf(make_house):
    house = make_house({f"A{n:02d}": ("10.00", 12) for n in range(MANY)})
    calm(house)
    assert (set(quantities(house)), set(prices(house))) == ({12}, {Decimal("10.00")})
    return house


def calm(house):
    """Let what is marked be told and seen, however long it takes at the pace that Amazon allows."""
    house.live(40, step=10)
    for _ in range(30):
        if not models.Offer.objects.filter(offers.WAITING | ~Q(submission="")).exists():
            break
        house.live(20, step=10)
    house.live(20, step=20)


def quantities(house):
    found = sorted(house.control("GET", "state")["listings"], key=lambda x: x["sku"])
    return [int(x["availability"]["DEFAULT"]) for x in found]


def prices(house):
    found = sorted(house.control("GET", "state")["listings"], key=lambda x: x["sku"])
    return [Decimal(x["prices"][FR]) for x in found]


def change(house, skus, price=None, stock=None):
    for sku in skus:
        old = house.goods[sku]
        house.goods[sku] = (price or old[0], old[1] if stock is None else stock)
    house.write_catalogue()
    calm(house)


def skus(first, last):
    return [f"A{n:02d}" for n in range(first, last)]


def held(house, kind, state="held"):
    return brakes.of_state(AccountId(house.account_id), state, kind).count()


def answer(house, kind, yes, state="held"):
    shown = brakes.shown(AccountId(house.account_id), state, kind)
    found = brake.answer(house.deps, AccountId(house.account_id), kind, shown, yes, "Camille", state)
    calm(house)
    return found


def test_a_file_that_lost_its_stock_empties_no_shelf(shelf):
    change(shelf, skus(0, MANY), stock=0)

    assert quantities(shelf) == [12] * MANY
    assert held(shelf, "zero") == MANY
    assert "brake_zero" in shelf.refused_codes()
    notice = models.Notice.objects.get(code="brake_zero", closed_at=None)
    assert (notice.placeholders["count"], notice.severity) == (str(MANY), "critical")
    assert "A00" in notice.placeholders["examples"]
    assert shelf.journal().count("brake_held") == 1


def test_meanwhile_everything_else_goes_on(shelf):
    shelf.goods |= dict.fromkeys(skus(0, 40), ("11.00", 0)) | dict.fromkeys(skus(40, 50), ("10.00", 7))
    change(shelf, skus(50, 55), stock=3)

    assert quantities(shelf) == [12] * 40 + [7] * 10 + [3] * 5 + [12] * 5
    assert prices(shelf)[:40] == [Decimal("11.00")] * 40

    change(shelf, skus(40, 45), stock=9)
    assert quantities(shelf)[40:45] == [9] * 5


def test_a_file_that_is_mended_is_asked_about_no_more(shelf):
    change(shelf, skus(0, MANY), stock=0)
    change(shelf, skus(0, MANY), stock=11)

    assert quantities(shelf) == [11] * MANY
    assert held(shelf, "zero") == 0
    assert "brake_zero" not in shelf.refused_codes()


def test_yes_sends_exactly_that_set_and_a_later_one_is_asked_about_again(shelf):
    change(shelf, skus(0, 30), stock=0)
    assert answer(shelf, "zero", True) == 30
    assert quantities(shelf) == [0] * 30 + [12] * 30
    assert "brake_zero" not in shelf.refused_codes()

    shelf.live(7200, step=600)
    change(shelf, skus(0, 60), stock=12)
    shelf.live(7200, step=600)
    change(shelf, skus(0, 30), stock=0)
    assert quantities(shelf) == [12] * MANY
    assert held(shelf, "zero") == 30


def test_no_keeps_what_stands_on_amazon_until_the_shop_says_something_else(shelf):
    change(shelf, skus(0, 30), price="5.00")
    assert prices(shelf)[:30] == [Decimal("10.00")] * 30

    assert answer(shelf, "price", False) == 30
    assert "brake_prices" not in shelf.refused_codes()
    shelf.live(90_000, step=3600)
    assert prices(shelf)[:30] == [Decimal("10.00")] * 30
    assert held(shelf, "price", "kept") == 30

    change(shelf, ["A00"], price="9.50")
    assert prices(shelf)[0] == Decimal("9.50")
    assert answer(shelf, "price", True, "kept") == 29
    assert prices(shelf)[1:30] == [Decimal("5.00")] * 29


def test_an_answer_is_for_what_was_shown_and_nothing_else(shelf):
    change(shelf, skus(0, 30), stock=0)
    number = AccountId(shelf.account_id)
    shown = brakes.shown(number, "held", "zero")
    change(shelf, skus(30, 35), stock=0)

    assert held(shelf, "zero") == 35
    assert brake.answer(shelf.deps, number, "zero", shown, True, "Camille") is None
    assert brake.answer(shelf.deps, number, "zero", "", True, "Camille") is None
    calm(shelf)
    assert quantities(shelf) == [12] * MANY


def test_prices_that_slipped_are_held_and_small_moves_are_not(shelf):
    change(shelf, skus(0, 30), price="12.00")
    assert prices(shelf)[:30] == [Decimal("12.00")] * 30

    change(shelf, skus(0, MANY), price="3.00")
    assert prices(shelf) == [Decimal("12.00")] * 30 + [Decimal("10.00")] * 30
    assert models.Notice.objects.get(code="brake_prices", closed_at=None).placeholders["count"] == str(MANY)


def test_articles_that_sell_out_one_by_one_are_never_held(make_house):
    house = make_house({f"A{n:02d}": ("10.00", 1) for n in range(MANY)})
    calm(house)

    for sku in skus(0, 50):
        house.change(sku, stock=0)
        house.live(40, step=20)

    assert quantities(house) == [0] * 50 + [1] * 10
    assert "brake_held" not in house.journal()


def test_what_amazon_sells_trips_nothing(shelf):
    for sku in skus(0, 40):
        shelf.buy(sku, 12)
    shelf.live(600, step=20)

    assert quantities(shelf) == [0] * 40 + [12] * 20
    assert "brake_held" not in shelf.journal()


def promised(house, pieces):
    """The catalogue with a column of what is promised to orders of the shop."""
    lines = [f"{sku},{sku},{price},EUR,20,{stock},{pieces}\n" for sku, (price, stock) in house.goods.items()]
    header = "sku,title,price,currency,tax_rate,on_hand,allocated\n"
    (house.folder / "catalogue.csv").write_text(header + "".join(lines))
    calm(house)


def test_what_the_shop_sells_trips_nothing_and_a_file_that_promises_more_than_there_is_does(shelf):
    promised(shelf, 4000)
    assert quantities(shelf) == [12] * MANY
    assert held(shelf, "zero") == MANY

    promised(shelf, 12)
    assert quantities(shelf) == [0] * MANY
    assert held(shelf, "zero") == 0


def test_a_small_shop_is_not_held_at_each_sale(make_house):
    house = make_house(dict.fromkeys("ABC", ("10.00", 5)))
    calm(house)
    for sku in "ABC":
        house.change(sku, stock=0)
    calm(house)

    assert quantities(house) == [0, 0, 0]


def test_fewer_than_the_share_are_told_at_once(shelf):
    assert brake.set_limits(shelf.deps, AccountId(shelf.account_id), {"zero_share": "50"}, "Camille") is None
    change(shelf, skus(0, 30), stock=0)

    assert quantities(shelf) == [0] * 30 + [12] * 30


def test_a_wave_that_comes_in_pieces_is_one_wave(shelf):
    number = AccountId(shelf.account_id)
    assert brake.set_limits(shelf.deps, number, {"least": "15"}, "Camille") is None
    for first in range(0, MANY, 5):
        change(shelf, skus(first, first + 5), stock=0)

    # What was told before its size was seen is less than the limit.
    assert quantities(shelf).count(0) == 10
    assert held(shelf, "zero") == 50


def test_a_rule_that_was_typed_wrongly_empties_no_shelf_either(shelf):
    set_rules.say(shelf.deps, shelf.account, Place("account"), {"buffer": "500"}, "Camille")
    calm(shelf)
    # The shop's own numbers say nothing of it: it is seen as the batches are decided.
    assert quantities(shelf).count(0) < 20
    assert held(shelf, "zero") > 40

    set_rules.say(shelf.deps, shelf.account, Place("account"), {}, "Camille")
    calm(shelf)
    assert quantities(shelf) == [12] * MANY


def test_what_is_held_and_turns_out_to_be_little_goes_on_by_itself(shelf):
    change(shelf, skus(0, MANY), stock=0)
    assert held(shelf, "zero") == MANY
    change(shelf, skus(3, MANY), stock=12)

    assert quantities(shelf) == [0] * 3 + [12] * 57
    assert shelf.journal().count("brake_let_go") == 1
    assert "brake_zero" not in shelf.refused_codes()


def test_limits_that_are_widened_count_for_what_is_held(shelf):
    change(shelf, skus(0, 30), stock=0)
    brake.set_limits(shelf.deps, AccountId(shelf.account_id), {"zero_share": "none"}, "Camille")
    calm(shelf)

    assert quantities(shelf) == [0] * 30 + [12] * 30


def test_a_price_a_thousand_times_the_last_is_held_by_itself_and_the_others_go_on(shelf):
    change(shelf, ["A00"], price="10000.00", stock=4)
    change(shelf, ["A01"], price="11.00")

    assert prices(shelf)[:3] == [Decimal("10.00"), Decimal("11.00"), Decimal("10.00")]
    assert quantities(shelf)[0] == 4
    notice = models.Notice.objects.get(code="price_jump", closed_at=None)
    assert (notice.placeholders["count"], notice.placeholders["sku"]) == ("1", "A00")

    change(shelf, ["A00"], price="10.50")
    assert prices(shelf)[0] == Decimal("10.50")
    assert "price_jump" not in shelf.refused_codes()


@pytest.mark.parametrize("told_before", [True, False])
def test_a_jump_stays_held_while_amazon_shows_no_price(shelf, told_before):
    change(shelf, ["A00"], price="10000.00")
    assert held(shelf, "jump") == 1

    lost = {"observed_minor": None, "observed_currency": ""}
    told = {"submitted_minor": 1000, "submitted_currency": "EUR"} if told_before else {"submitted_minor": None}
    models.Offer.objects.filter(sku="A00").update(**lost, **told)
    change(shelf, ["A00"], stock=3)

    assert (held(shelf, "jump"), prices(shelf)[0]) == (1, Decimal("10.00"))


def test_a_jump_that_is_right_is_told_and_the_next_one_is_held_again(shelf):
    change(shelf, ["A00"], price="0.50")
    offer = models.Offer.objects.get(sku="A00")
    assert prices(shelf)[0] == Decimal("10.00")
    assert brake.allow(shelf.deps, offer, "7", "Camille") is False

    assert brake.allow(shelf.deps, offer, brake.shown_of(offer), "Camille") is True
    calm(shelf)
    assert prices(shelf)[0] == Decimal("0.50")
    assert "price_jump" not in shelf.refused_codes()

    change(shelf, ["A00"], price="10.00")
    assert prices(shelf)[0] == Decimal("0.50")


def test_a_sale_or_a_business_price_that_slipped_is_held_like_a_price_and_told_after_a_yes(shelf):
    sale = {"sale_price": "0.80", "sale_from": "2026-02-20", "sale_until": "2026-03-20"}
    set_rules.say(shelf.deps, shelf.account, Place("sku", "", "A00"), sale, "Camille")
    set_rules.say(shelf.deps, shelf.account, Place("sku", "", "A01"), {"business_price": "0.80"}, "Camille")
    set_rules.say(shelf.deps, shelf.account, Place("sku", "", "A02"), sale | {"sale_price": "8.00"}, "Camille")
    calm(shelf)

    assert prices(shelf)[:3] == [Decimal("10.00"), Decimal("10.00"), Decimal("8.00")]
    assert held(shelf, "jump") == 2
    assert models.Offer.objects.get(sku="A01").observed_terms["business"] == "none"

    assert answer(shelf, "jump", yes=True) == 2
    assert prices(shelf)[0] == Decimal("0.80")
    assert models.Offer.objects.get(sku="A01").observed_terms["business"] == "0.80 EUR"
    assert held(shelf, "jump") == 0


def test_what_is_held_outlives_a_day_of_sweeps_and_is_told_once(shelf):
    change(shelf, skus(0, 30), stock=0)
    shelf.live(2 * 86_400, step=7200)

    assert quantities(shelf) == [12] * MANY
    assert shelf.journal().count("brake_held") == 1
    assert models.Notice.objects.filter(code="brake_zero").count() == 1


def test_nothing_is_asked_about_a_site_that_is_read_only(make_house):
    house = make_house({f"A{n:02d}": ("10.00", 0) for n in range(MANY)}, allow=False)
    calm(house)

    assert models.Leap.objects.count() == 0


def test_an_offer_that_is_held_for_another_reason_too_keeps_its_alarm(shelf):
    shelf.goods["A00"] = ("12,50", 0)
    change(shelf, skus(1, 40), stock=0)

    assert quantities(shelf) == [12] * MANY
    assert held(shelf, "zero") == 40
    assert models.Offer.objects.get(sku="A00").alarm == "held"


def test_everything_off_sale_by_the_merchants_own_word_is_not_held(shelf):
    empty_shelves.empty(shelf.deps, AccountId(shelf.account_id), "Camille")
    calm(shelf)

    assert quantities(shelf) == [0] * MANY
    assert "brake_held" not in shelf.journal()
