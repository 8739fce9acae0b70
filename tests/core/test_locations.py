"""Stock by location: what counts, what cannot be counted, and that no spelling is taken for another location."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.rules import NotAWish, checked, effective
from forain.core.stock import (
    ABSURD_QUANTITY,
    AtLocation,
    Counted,
    NotCounted,
    StockLevel,
    StockRule,
    sellable,
    sellable_bundle,
)

LEVEL = StockLevel(12, 3, (AtLocation("Lyon", 7, 2), AtLocation("Paris", 5, 1), AtLocation("Périgueux", 0)))


def at(*names, **rest):
    return StockRule(locations=names, **rest)


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        (StockRule(), 8),
        (at("Lyon"), 4),
        (at("Paris"), 3),
        (at("Périgueux"), 0),
        (at("Lyon", "Paris"), 8),
        (at("  LYON "), 4),
        (at("PARIS", "périgueux"), 3),
        (at(unicodedata.normalize("NFD", "Périgueux"), "Lyon"), 4),
        (at("Lyon", buffer=1), 3),
        (at("Nowhere", fixed=20), 20),
    ],
)
def test_only_what_lies_at_the_named_locations_counts(rule, shown):
    """One piece was sold and the shop does not know it yet: it may come from anywhere."""
    assert sellable(LEVEL, 1, rule).quantity == shown


def test_the_steps_say_which_locations_were_counted():
    found = sellable(LEVEL, 1, at("Paris"))

    assert found.steps == (("locations", "Paris"), ("on_hand", "5"), ("allocated", "-1"), ("unimported", "-1"))


def test_what_is_promised_and_not_said_of_where_is_taken_off_in_full():
    level = StockLevel(12, 4, (AtLocation("Lyon", 7), AtLocation("Paris", 5)))

    assert [sellable(level, 0, at(name)).quantity for name in ("Lyon", "Paris")] == [3, 1]


@pytest.mark.parametrize("name", ["Lyonn", "Pari", "P\u00e9rigeux", "Perigueux", "x" * 100])
def test_a_location_the_shop_does_not_have_gives_no_quantity_and_names_it(name):
    with pytest.raises(NotCounted) as refused:
        sellable(LEVEL, 1, at("Lyon", name))

    assert str(refused.value) == f"location_unknown name={name} known=Lyon, Paris, Périgueux"


def test_a_shop_that_tells_no_locations_has_none_of_that_name():
    with pytest.raises(NotCounted) as refused:
        sellable(StockLevel(4), 0, at("Lyon"))

    assert str(refused.value) == "location_unknown name=Lyon"


def test_where_nothing_is_free_anywhere_it_does_not_matter_which_location_was_meant():
    assert sellable(StockLevel(4, 1, LEVEL.locations), 3, at("Lyonn")).quantity == 0
    assert sellable(StockLevel(0), 0, at("Lyon")).quantity == 0


def test_a_bundle_of_which_an_article_is_sold_out_everywhere_is_none_whatever_was_meant():
    parts = [Counted("SOAP", LEVEL, 2), Counted("OIL", StockLevel(0, 0, (AtLocation("Lyon", 0),)), 1)]

    assert sellable_bundle(parts, at("Lyonn")).quantity == 0
    with pytest.raises(NotCounted):
        sellable_bundle(parts[:1], at("Lyonn"))


def test_two_locations_of_one_name_are_not_guessed_at_and_count_together_where_all_do():
    level = StockLevel(12, 0, (AtLocation("Lyon", 7), AtLocation("lyon", 5)))

    assert sellable(level, 0, StockRule()).quantity == 12
    with pytest.raises(NotCounted) as refused:
        sellable(level, 0, at("Lyon"))
    assert str(refused.value) == "location_twice name=Lyon"


def test_a_number_that_cannot_be_believed_holds_whoever_counts_it_and_nobody_else():
    level = StockLevel(7, 0, (AtLocation("Lyon", 7), AtLocation("Paris", None)))

    assert sellable(level, 0, at("Lyon")).quantity == 7
    for rule in (StockRule(), at("Paris"), at("Lyon", "Paris")):
        with pytest.raises(NotCounted) as refused:
            sellable(level, 0, rule)
        assert refused.value.code == "stock_held"


def test_an_unbelievable_number_is_none_of_the_nothing_that_is_free():
    level = StockLevel(0, 0, (AtLocation("Lyon", 0), AtLocation("Paris", None)))

    for rule, code in ((at("Lyonn"), "location_unknown"), (StockRule(), "stock_held")):
        with pytest.raises(NotCounted) as refused:
            sellable(level, 0, rule)
        assert refused.value.code == code


def test_a_negative_number_at_one_location_is_taken_off_the_others():
    level = StockLevel(4, 0, (AtLocation("Lyon", 7), AtLocation("Paris", -3)))

    assert [sellable(level, 0, rule).quantity for rule in (StockRule(), at("Lyon"), at("Paris"))] == [4, 7, 0]


def test_an_absurd_number_is_held_wherever_it_lies():
    level = StockLevel(ABSURD_QUANTITY + 8, 0, (AtLocation("Lyon", 8), AtLocation("Paris", ABSURD_QUANTITY)))

    with pytest.raises(NotCounted) as refused:
        sellable(level, 0, at("Lyon"))
    assert refused.value.code == "absurd_quantity"


def test_a_bundle_is_as_many_as_its_articles_at_the_location_are_good_for():
    soap, oil = StockLevel(40, 0, (AtLocation("Lyon", 5), AtLocation("Paris", 35))), StockLevel(9, 0, (AtLocation("Lyon", 9), AtLocation("Paris", 0)))  # fmt: skip
    parts = [Counted("SOAP", soap, 2), Counted("OIL", oil, 1)]

    assert [sellable_bundle(parts, rule).quantity for rule in (StockRule(), at("Lyon"), at("Paris"))] == [9, 2, 0]
    assert sellable_bundle(parts, at("Lyon")).steps[:2] == (("locations", "Lyon"), ("smallest", "SOAP"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Lyon", "Lyon"),
        (" Lyon ;Paris; Halle 2,  Süd ", "Lyon; Paris; Halle 2, Süd"),
        ("Lyon; LYON; lyon", "Lyon"),
        (unicodedata.normalize("NFD", "Périgueux"), "Périgueux"),
        ("x" * 100, "x" * 100),
        ("none", "none"),
    ],
)
def test_names_are_kept_as_they_were_typed_each_once(text, kept):
    assert checked("locations", text) == kept
    assert checked("locations", kept) == kept


@pytest.mark.parametrize(
    "text",
    ["", " ", ";", "Lyon;", "Lyon;;Paris", "x" * 101, "Ly\0on", "Ly\x1bon", "; ".join(f"L{n}" for n in range(51))],
)
def test_what_is_no_list_of_names_is_refused(text):
    with pytest.raises(NotAWish) as refused:
        checked("locations", text)

    assert (refused.value.code, refused.value.name) == ("not_names", "locations")


def test_the_narrower_word_says_which_locations_count():
    said = [("account", {"locations": "Lyon; Paris"}), ("sku", {"locations": "none"})]

    assert effective(said[:1], "EUR").stock == at("Lyon", "Paris")
    assert effective(said, "EUR").stock == StockRule()


pieces = st.integers(0, 50)


@given(
    here=st.lists(st.tuples(pieces, st.integers(0, 20)), min_size=1, max_size=4), elsewhere=st.integers(0, 10),
    sold=st.integers(0, 10), data=st.data(),
)  # fmt: skip
def test_no_choice_of_locations_shows_more_than_lies_there_or_than_is_free_at_all(here, elsewhere, sold, data):
    locations = tuple(AtLocation(f"L{n}", hand, min(promised, hand)) for n, (hand, promised) in enumerate(here))
    level = StockLevel(
        sum(one.on_hand for one in locations), sum(one.allocated for one in locations) + elsewhere, locations
    )
    named = data.draw(st.lists(st.sampled_from(locations), unique=True, min_size=1))

    found = sellable(level, sold, at(*(one.name for one in named))).quantity

    assert 0 <= found <= sum(one.on_hand - one.allocated for one in named)
    assert found <= max(level.on_hand - level.allocated - sold, 0)
