"""What a line may say, what is said of one that is wrong, and that it stops no other."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.money import Money
from forain.core.sales import Special
from forain.core.stock import ABSURD_QUANTITY, AtLocation, StockLevel
from forain.shops.files import catalogue
from forain.shops.files.tests.parts import HEAD, shop


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_usual_kind_of_csv_file_is_read(separator, mark, line_end):
    lines = ["SKU,Title,Price,Currency,On_hand", "A,Café crème,6.90,EUR,3", "B,Thé,1,EUR,4"]
    content = mark + "".join(line.replace(",", separator) + line_end for line in lines).encode()

    found = catalogue.parse(content)

    assert [(v.sku, v.title, v.price, v.level) for v in found.variants.values()] == [
        ("A", "Café crème", Money(690, "EUR"), StockLevel(3)),
        ("B", "Thé", Money(100, "EUR"), StockLevel(4)),
    ]
    assert found.problems == ()


def test_columns_nobody_knows_are_left_alone_and_the_order_of_columns_is_free():
    found = catalogue.parse(b"shelf,on_hand,currency,price,title,sku\nx,3,EUR,1.00,a,A\n")

    assert found.variants["A"].level == StockLevel(3)


def test_a_title_over_two_lines_is_one_cell_and_later_lines_keep_their_numbers():
    found = catalogue.parse(f'{HEAD}A,,"two\nlines",1,EUR,20,1\nB,,b,zero,EUR,20,1\n'.encode())

    assert found.variants["A"].title == "two\nlines"
    assert found.variants["B"].problems[0].field == "line 4, column price"


def test_an_id_outlives_a_renamed_sku():
    head = "id,sku,title,price,currency,on_hand\n"

    before = catalogue.parse(f"{head}77,OLD,a,1,EUR,1\n".encode())
    after = catalogue.parse(f"{head}77,NEW,a,1,EUR,1\n".encode())

    assert (before.variants["77"].sku, after.variants["77"].sku) == ("OLD", "NEW")


SPECIALS = "sku,title,price,currency,on_hand,special_price,special_from,special_until\n"


def test_a_special_price_has_its_days_or_none():
    found = catalogue.parse(
        f"{SPECIALS}A,a,9.00,EUR,1,8.50,2026-12-01,2026-12-24\nB,b,9.00,EUR,1,8.50,,\nC,c,9.00,EUR,1,,2026-12-01,\n".encode()
    )

    assert found.problems == ()
    assert [found.variants[sku].special for sku in "ABC"] == [
        Special(Money(850, "EUR"), date(2026, 12, 1), date(2026, 12, 24)), Special(Money(850, "EUR")), None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ("8.505,,", "price_wrong", "special_price"),
        ("0,,", "price_not_positive", "special_price"),
        ("8.50,24.12.2026,", "price_day_wrong", "special_from"),
        ("8.50,,2026-13-01", "price_day_wrong", "special_until"),
        ("8.50,,9999-12-31", "price_day_wrong", "special_until"),
        ("8.50,0001-01-01,", "price_day_wrong", "special_from"),
        ("8.50,2026-12-24,2026-12-01", "price_day_wrong", "special_until"),
    ],
)
def test_a_special_price_that_cannot_be_believed_is_told_and_is_none(cells, code, column):
    found = catalogue.parse(f"{SPECIALS}A,a,9.00,EUR,1,{cells}\n".encode()).variants["A"]

    # Nor is the ordinary price believed, which would be told in its place.
    assert (found.special, found.price, found.level) == (None, None, StockLevel(1))
    assert [(p.code, p.field) for p in found.problems] == [(code, f"line 2, column {column}")]


def test_groups_of_customers_have_prices_of_their_own_where_a_cell_says_one():
    head = "sku,title,price,currency,on_hand,Price:Wholesale,price: club,price:\n"

    found = catalogue.parse(f"{head}A,a,9.00,EUR,1,7.00,8.00,1\nB,b,9.00,EUR,1,,,\n".encode())

    assert found.variants["A"].group_prices == (("wholesale", Money(700, "EUR")), ("club", Money(800, "EUR")))
    assert (found.variants["B"].group_prices, found.variants["B"].price) == ((), Money(900, "EUR"))
    assert found.problems == ()


def test_where_a_groups_price_cannot_be_read_the_one_of_everybody_does_not_stand_in_for_it():
    head = "sku,title,price,currency,on_hand,price: club\n"

    found = catalogue.parse(f"{head}A,a,9.00,EUR,1,8.005\n".encode()).variants["A"]

    assert (found.group_prices, found.price, found.level) == ((), None, StockLevel(1))
    assert [(p.code, p.field) for p in found.problems] == [("price_wrong", "line 2, column price: club")]


def test_an_article_of_which_nobody_knows_whether_it_is_sold_tells_no_stock():
    head = "sku,title,price,currency,on_hand,active\n"

    found = catalogue.parse(f"{head}A,a,9.00,EUR,1,nein\n".encode()).variants["A"]

    assert (found.price, found.level, [p.code for p in found.problems]) == (Money(900, "EUR"), None, ["active_wrong"])


def test_an_article_whose_group_cannot_be_read_tells_nothing_that_the_groups_rules_would_turn():
    head = "sku,title,price,currency,on_hand,group\n"

    found = catalogue.parse(f"{head}A,a,9.00,EUR,1,bath\u200b\n".encode()).variants["A"]

    assert (found.group, found.price, found.level, [p.code for p in found.problems]) == (
        "",
        None,
        None,
        ["group_wrong"],
    )


COSTS = "sku,title,price,currency,on_hand,cost\n"


def test_a_cost_is_in_the_currency_of_the_price_and_an_empty_cell_is_none():
    found = catalogue.parse(f"{COSTS}A,a,900,JPY,1,410\nB,b,9.00,EUR,1,\n".encode())

    assert (found.variants["A"].cost, found.variants["B"].cost) == (Money(410, "JPY"), None)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("0", "price_not_positive"), ("-1.00", "price_not_positive"), ('"8,00"', "price_comma"), ("cheap", "price_wrong"),
        ("1e3", "price_wrong"), ("8.005", "price_wrong"), ("200000000", "price_absurd"),
    ],
)  # fmt: skip
def test_a_cost_that_cannot_be_believed_is_told_and_is_none(cell, code):
    found = catalogue.parse(f"{COSTS}A,a,9.00,EUR,1,{cell}\n".encode()).variants["A"]

    assert (found.cost, found.price, found.level) == (None, Money(900, "EUR"), StockLevel(1))
    assert [(p.code, p.field) for p in found.problems] == [(code, "line 2, column cost")]


def test_a_price_with_a_comma_says_what_to_write():
    found = catalogue.parse(f"{HEAD}A,,a,12;50,EUR,20,1\n".replace(",", "\t").replace(";", ",").encode())

    (problem,) = found.variants["A"].problems
    assert (problem.code, problem.text, problem.field) == ("price_comma", "12,50 → 12.50", "line 2, column price")
    assert found.variants["A"].price is None


def test_a_price_with_a_comma_in_a_file_separated_by_commas_is_known_for_what_it_is():
    found = catalogue.parse(f"{HEAD}A,,a,12,50,EUR,20,7\n".encode())

    assert found.variants["A"].problems[0].code == "price_comma"
    assert (found.variants["A"].price, found.variants["A"].level) == (None, StockLevel(7))


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("A,,a,1,EUX,20,1", "currency_wrong", "currency"),
        ("A,,a,1,,20,1", "currency_wrong", "currency"),
        ("A,,a,,EUR,20,1", "price_wrong", "price"),
        ("A,,a,1e3,EUR,20,1", "price_wrong", "price"),
        ("A,,a,NaN,EUR,20,1", "price_wrong", "price"),
        ("A,,a,1.0000000000000000000000000000001,EUR,20,1", "price_wrong", "price"),
        ("A,,a,999999999999,EUR,20,1", "price_absurd", "price"),
        ("A,,a,12.5,JPY,20,1", "price_wrong", "price"),
        ("A,,a,1,EUR,20,99999999999999999999", "quantity_absurd", "on_hand"),
        ("A,,a,1,EUR,20,٣", "quantity_wrong", "on_hand"),
        ("A,,a,1,EUR,101,1", "tax_rate_wrong", "tax_rate"),
        ("A,,a,1,EUR,1e1,1", "tax_rate_wrong", "tax_rate"),
        ("A,4006381333932,a,1,EUR,20,1", "ean_wrong", "ean"),
        ("A,4.00638E+12,a,1,EUR,20,1", "ean_wrong", "ean"),
    ],
)
def test_a_value_that_cannot_be_believed_is_carried_as_a_problem_by_its_article(line, code, column):
    found = catalogue.parse(f"{HEAD}{line}\nB,,b,1,EUR,20,1\n".encode())

    bad, good = found.variants.values()
    assert [(p.code, p.field) for p in bad.problems] == [(code, f"line 2, column {column}")]
    assert (good.price, good.level, good.problems) == (Money(100, "EUR"), StockLevel(1), ())
    assert [(p.code, p.warning) for p in found.problems] == [(code, True)]


def test_a_line_with_too_many_cells_is_still_known_by_its_sku():
    found = catalogue.parse(f"{HEAD}A,,Soap, big, green,1,EUR,20,1\nB,,b,1,EUR,20,1\nC\n".encode())

    assert [(v.sku, v.price, v.level, v.problems[0].code) for v in list(found.variants.values())[::2]] == [
        ("A", None, None, "cells"),
        ("C", None, None, "cells"),
    ]
    assert found.variants["A"].problems[0].text == "9 instead of 7"
    assert found.variants["B"].level == StockLevel(1)


def test_wrong_quotation_marks_in_one_line_stop_only_that_line():
    found = catalogue.parse(f'{HEAD}A,,"Bio" honey,1,EUR,20,1\nB,,b,1,EUR,20,1\n'.encode())

    assert list(found.variants) == ["B"]
    assert [(p.code, p.field) for p in found.problems] == [("line_quotes", "line 2")]
    assert found.whole


def test_a_sku_under_two_ids_is_believed_on_neither_line():
    head = "id,sku,title,price,currency,on_hand\n"

    found = catalogue.parse(f"{head}1,A,a,1,EUR,1\n2,A,a,2,EUR,2\n3,B,b,1,EUR,1\n".encode())

    assert [(v.price, v.level) for v in found.variants.values()] == [
        (None, None), (None, None), (Money(100, "EUR"), StockLevel(1)),
    ]  # fmt: skip
    assert found.variants["1"].problems[0].field == "lines 2 and 3, column sku"


@pytest.mark.parametrize("name", ["x" * 201, "a\u0007b", "a\u200bb"])
def test_a_name_nobody_could_type_is_refused(name):
    found = catalogue.parse(f"{HEAD}{name},,a,1,EUR,20,1\nB,,b,1,EUR,20,1\n".encode())

    assert [p.code for p in found.problems] == ["name_wrong"]
    assert list(found.variants) == ["B"]


cells = st.sampled_from(
    ["", "A", "B", "1", "0", "-1", "6.90", "6,90", "EUR", "eur", '"', '"a"', "4006381333931", "é", "\r"]
)
lines = st.lists(st.lists(cells, max_size=9).map(",".join), max_size=6).map("\n".join)


@given(st.one_of(lines, st.text(max_size=80)).map(lambda text: (HEAD + text + "\n").encode("utf-8", "replace")))
def test_whatever_stands_in_the_lines_only_clean_values_or_problems_come_out(content):
    found = catalogue.parse(content)

    assert found.variants or not found.whole
    assert found.variants or found.problems
    for name, variant in found.variants.items():
        assert name == variant.variant
        assert variant.sku.isprintable()
        assert variant.price is None or (variant.price.minor > 0 and not isinstance(variant.price.minor, float))
        assert variant.level is None or 0 <= variant.level.on_hand <= ABSURD_QUANTITY
        assert variant.problems or (variant.price is not None and variant.level is not None)


def test_a_hundred_thousand_lines_come_in_pages_that_leave_nothing_out(tmp_path):
    lines = "".join(f"S{n},,Title {n},1.{n % 100:02d},EUR,20,{n % 50}\n" for n in range(1, 100_001))
    (tmp_path / "catalogue.csv").write_text(HEAD + lines, encoding="utf-8")
    adapter, seen, cursor = shop(tmp_path), set(), None

    while True:
        page = adapter.variants(cursor)
        seen |= {v.variant for v in page.variants}
        cursor = page.cursor
        if cursor is None:
            break

    assert len(seen) == 100_000


def test_a_catalogue_that_changes_between_two_pages_is_begun_again(tmp_path, monkeypatch):
    monkeypatch.setattr("forain.shops.files.PAGE_SIZE", 2)
    text = HEAD + "".join(f"S{n},,t,1,EUR,20,1\n" for n in range(5))
    (tmp_path / "catalogue.csv").write_text(text)
    first = shop(tmp_path).variants(None)
    (tmp_path / "catalogue.csv").write_text(text.replace("S0,", "NEW,"))

    again = shop(tmp_path).variants(first.cursor)

    assert [v.sku for v in again.variants] == ["NEW", "S1"]
    assert again.version != first.version


HEAD_AT = "sku,title,price,currency,on_hand,stock:Lyon,stock: Périgueux \n"


def level_of(cells, head=HEAD_AT):
    found = catalogue.parse(f"{head}A,a,1,EUR,{cells}\nB,b,1,EUR,{9},4,5\n".encode())
    assert found.variants["B"].level is not None
    return found.variants["A"].level, [(p.code, p.field) for p in found.variants["A"].problems]


@pytest.mark.parametrize(
    ("cells", "on_hand", "locations"),
    [
        (",7,5", 12, (7, 5)),
        ("12,7,5", 12, (7, 5)),
        (",7,", 7, (7, 0)),
        ("0,,", 0, (0, 0)),
        ("0,0,0", 0, (0, 0)),
        ("12,,", 12, ()),
    ],
)
def test_what_lies_at_each_location_and_all_together(cells, on_hand, locations):
    level, problems = level_of(cells)

    assert (level.on_hand, tuple(one.on_hand for one in level.locations), problems) == (on_hand, locations, [])
    assert [one.name for one in level.locations] == ["lyon", "périgueux"][: len(locations)]


@pytest.mark.parametrize(
    ("cells", "on_hand", "locations", "problem"),
    [
        (",7,-5", 7, (7, None), ("quantity_negative", "line 2, column stock: périgueux")),
        (",7,2.5", 7, (7, None), ("quantity_wrong", "line 2, column stock: périgueux")),
        (",many,5", 5, (None, 5), ("quantity_wrong", "line 2, column stock:lyon")),
        ("12,7,1000001", 7, (7, None), ("quantity_absurd", "line 2, column stock: périgueux")),
    ],
)
def test_a_wrong_number_at_one_location_leaves_the_others(cells, on_hand, locations, problem):
    level, problems = level_of(cells)

    assert (level.on_hand, tuple(one.on_hand for one in level.locations)) == (on_hand, locations)
    assert problems == [problem]


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("13,7,5", ("stock_sum_differs", "line 2, column on_hand")),
        ("x,7,5", ("quantity_wrong", "line 2, column on_hand")),
        (",,", ("quantity_wrong", "line 2, column on_hand")),
    ],
)
def test_where_nobody_knows_how_many_there_are_there_is_no_stock_to_tell(cells, problem):
    assert level_of(cells) == (None, [problem])


def test_the_sum_may_be_left_out():
    found = catalogue.parse(b"sku,title,price,currency,stock:a\nA,a,1,EUR,3\n")

    assert found.variants["A"].level == StockLevel(3, 0, (AtLocation("a", 3),))


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("stock:", "location_name_wrong"),
        ("stock:  ", "location_name_wrong"),
        ("stock:" + "x" * 101, "location_name_wrong"),
        ("stock:a\u200b", "location_name_wrong"),
        ("stock:LYON,stock:lyon", "column_twice"),
        ("stock", "column_missing"),
    ],
)
def test_columns_that_belong_to_no_location_make_no_catalogue(column, code):
    found = catalogue.parse(f"sku,title,price,currency,{column}\nA,a,1,EUR,3,4\n".encode())

    assert (found.whole, [(p.code, p.field) for p in found.problems]) == (False, [(code, "line 1")])


@pytest.mark.parametrize("name", ["x" * 100, "halle 2 süd", "entrepôt (nord)", "仓库"])
def test_a_location_may_be_called_anything_that_can_be_read(name):
    found = catalogue.parse(f"sku,title,price,currency,stock:{name}\nA,a,1,EUR,3\n".encode())

    assert found.variants["A"].level.locations == (AtLocation(name, 3),)
