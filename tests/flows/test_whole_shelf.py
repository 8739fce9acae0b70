"""Every night everything is compared: by one report where there is much, and by nothing but looks where that says too little."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from forain.contracts.marketplace import ShelfLine, ShelfPage, UnreadOffer
from forain.core.ids import AccountId, OfferKey, SellerSku, SiteId
from forain.engine import jobs
from forain.flows import compare_shelf, observe_offers
from forain.marketplaces import amazon
from forain.store import models, offers, runs, shelves
from forain_box import listing_writes

from .conftest import FR
from .test_offers_that_cannot_be_read import garbled
from .test_orders_proven import files

TYPE = "GET_MERCHANT_LISTINGS_ALL_DATA"
GOODS = {f"S{n:02}": ("10.00", 5) for n in range(30)}


def a_shelf(make_house, goods=None, **more):
    """A house in which everything was told and seen; from now on its shelf is a large one."""
    goods = dict(goods or GOODS)
    house = make_house(goods, on_amazon=goods, **more)
    house.live(60)
    house.advance(600)
    return house


@pytest.fixture(autouse=True)
def large(monkeypatch):
    whole = replace(amazon.MANIFEST.whole_shelf, more_than=5)
    monkeypatch.setattr(amazon, "MANIFEST", replace(amazon.MANIFEST, whole_shelf=whole))


@pytest.fixture
def shelf(make_house):
    return a_shelf(make_house)


def line():
    return models.Run.objects.get(flow="sweep_offers")


def step(house):
    """Let the sweep go on once, when it is due; the answer is how long that was."""
    wait = (line().due_at - house.deps.clock.now()).total_seconds()
    house.advance(max(wait, 0))
    jobs.run(house.deps, "sweep_offers", f"account:{house.account_id}")
    return wait


def begin(house):
    """The night's sweep begins: it asks for a report."""
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["sweep_offers"])
    jobs.run(house.deps, "sweep_offers", f"account:{house.account_id}")


def compare(house, most=30):
    """The whole of it."""
    begin(house)
    for _ in range(most):
        if not line().places:
            assert line().error == ""
            return
        step(house)
    raise AssertionError(f"no end: {line().error} {line().places}")


def row(sku="S01"):
    return models.Offer.objects.get(sku=sku)


def skus():
    return set(models.Offer.objects.values_list("sku", flat=True))


def listing(house, sku="S01"):
    return house.box.world.state.listings[house.seller][sku]


def gone(house, sku):
    listing_writes.remove(house.box.world, {"seller": house.seller, "sku": sku, "site": FR})


def asked(house, operation):
    return len([r for r in house.control("GET", "requests") if r["operation"] == operation])


def told(code="shelf_compared"):
    return models.Journal.objects.filter(code=code).latest("id").placeholders


def test_many_offers_are_compared_by_one_report_and_not_by_reading_each(shelf):
    before = asked(shelf, "searchListingsItems")
    since = shelf.account.offers_swept_at

    compare(shelf)

    assert asked(shelf, "createReport") >= 1
    assert asked(shelf, "searchListingsItems") == before
    assert told() == {"count": "30", "differing": "0", "new": "0", "missing": "0", "unread": ""}
    assert shelf.account.offers_swept_at > since
    assert models.Offer.objects.exclude(asked_at=None).count() == 0
    assert line().due_at - shelf.deps.clock.now() == observe_offers.SWEEP_EVERY


def test_a_small_shelf_is_read_page_by_page(make_house):
    house = a_shelf(make_house, dict(list(GOODS.items())[:5]))
    before = asked(house, "searchListingsItems")

    compare(house)

    assert asked(house, "searchListingsItems") == before + 1
    assert "shelf_compared" not in house.journal()


def test_no_run_waits_and_each_goes_on_with_the_same_report(shelf):
    shelf.box.world.write_delay = (600, 900)
    begin(shelf)
    cursor = line().places["sweep"]["shelf"]["cursor"]
    reports = asked(shelf, "createReport")

    waits = [step(shelf) for _ in range(3)]

    assert waits == sorted(waits)
    assert waits[0] >= compare_shelf.SOONEST.total_seconds()
    assert line().places["sweep"]["shelf"]["cursor"] == cursor
    while line().places:
        step(shelf)
    assert told()["count"] == "30"
    assert asked(shelf, "createReport") == reports


def test_what_somebody_else_changed_is_seen_counted_looked_at_and_set_right(shelf):
    listing(shelf).prices[FR] = Decimal("9.00")
    listing(shelf, "S02").availability["DEFAULT"] = 9

    compare(shelf)

    assert told()["differing"] == "2"
    assert (row().observed_minor, row("S02").observed_quantity) == (900, 9)
    assert row().wanted_no > row().settled_no
    assert offers.missed(row())
    assert shelf.journal(f"{FR}/S01")[-1] == "changed_elsewhere"
    shelf.live(120)
    assert (listing(shelf).prices[FR], shelf.quantity("S02")) == (Decimal("10.00"), 5)
    assert not offers.missed(row())


def test_what_the_report_does_not_show_stays(shelf):
    models.Offer.objects.filter(sku="S01").update(
        observed_terms={"handling_days": "4", "list_price": "12.00 EUR"}, title="Savon ☃", product_type="SOAP",
        price_setup={"automated": "rule"}, channels=["DEFAULT", "OTHER"], problems=[["8541", "text", "", ""]],
    )  # fmt: skip
    listing(shelf).availability["DEFAULT"] = 9

    compare(shelf)

    found = row()
    assert (found.observed_quantity, found.observed_minor) == (9, 1000)
    assert found.observed_terms == {"handling_days": "4", "list_price": "12.00 EUR"}
    assert (found.title, found.product_type, found.price_setup) == ("Savon ☃", "SOAP", {"automated": "rule"})
    assert (found.channels, found.problems) == (["DEFAULT", "OTHER"], [["8541", "text", "", ""]])


def test_an_offer_nobody_knew_gets_its_row_and_is_looked_at_before_anything_is_told(shelf):
    new = {"seller_id": shelf.seller, "sku": "NEW", "asin": "B0NEW00000", "marketplace_id": FR, "quantity": 3, "title": "Neu",
           "price": {"amount": "7.00", "currency": "EUR"}}  # fmt: skip
    shelf.control("POST", "listings", [new])
    shelf.change("NEW", price="8.00", stock=4)

    compare(shelf)

    found = row("NEW")
    assert (found.observed_quantity, found.observed_minor, found.product_code) == (3, 700, "B0NEW00000")
    assert found.product_type == ""
    assert offers.missed(found)
    assert found.wanted_no > found.settled_no
    shelf.live(120)
    assert (shelf.quantity("NEW"), listing(shelf, "NEW").prices[FR]) == (4, Decimal("8.00"))
    assert row("NEW").product_type != ""


def test_what_the_report_lacks_is_looked_at_by_name_and_gone_only_where_that_lacks_it_too(shelf):
    gone(shelf, "S03")
    files(shelf, lambda content: b"".join(x for x in content.splitlines(True) if b"\tS04\t" not in x))
    before = row("S04").observed_at
    looks = asked(shelf, "searchListingsItems")

    compare(shelf)

    assert told()["missing"] == "2"
    assert set(GOODS) - skus() == {"S03"}
    assert shelf.journal(f"{FR}/S03")[-1] == "offer_gone"
    assert row("S04").observed_at > before
    assert asked(shelf, "searchListingsItems") == looks + 1


def test_what_the_report_lacks_and_a_look_cannot_read_is_there(shelf):
    files(shelf, lambda content: b"".join(x for x in content.splitlines(True) if b"\tS04\t" not in x))
    bend(shelf, garbled("S04"))
    before = row("S04").observed_at

    for _ in range(2):
        compare(shelf)
        shelf.advance(24 * 3600)

    assert skus() == set(GOODS)
    assert (row("S04").observed_at, row("S04").problems[0][0]) == (before, "unreadable")
    assert shelf.journal(f"{FR}/S04")[-1] == "offer_unreadable"


def test_a_look_with_an_answer_without_a_name_makes_nothing_gone(shelf):
    gone(shelf, "S03")
    files(shelf, lambda content: b"".join(x for x in content.splitlines(True) if b"\tS04\t" not in x))
    bend(shelf, nameless("S04"))

    compare(shelf)

    assert skus() == set(GOODS)


def test_a_look_that_cannot_be_read_is_tried_again_and_no_other_report_is_asked_for(shelf):
    gone(shelf, "S03")
    answer = shelf.box.answer
    bend(shelf, lambda path, body: {name: told for name, told in body.items() if name != "items"})
    begin(shelf)
    while not line().error:
        step(shelf)
    reports = asked(shelf, "createReport")
    shelf.box.answer = answer

    step(shelf)

    assert (line().error, line().places) == ("", {})
    assert asked(shelf, "createReport") == reports
    assert set(GOODS) - skus() == {"S03"}


def bend(house, change):
    """From now on the answers of looks are changed on their way."""
    answer = house.box.answer

    def bent(request):
        response = answer(request)
        if "/listings/" in request.raw_path and response.status == 200:
            response.body = json.dumps(change(request.raw_path, json.loads(response.body))).encode()
        return response

    house.box.answer = bent


def nameless(sku):
    def change(path, answer):
        for item in answer.get("items", []):
            if item["sku"] == sku:
                item["sku"] = None
        return answer

    return change


def spoiled(*cells):
    """The lines with these cells lose one."""

    def change(content):
        lines = content.splitlines(True)
        return b"".join(x.replace(b"\t", b"", 1) if any(cell in x for cell in cells) else x for x in lines)

    return change


def test_where_a_line_has_no_readable_name_nothing_is_gone(shelf):
    gone(shelf, "S03")
    files(shelf, spoiled(b"\tS05\t"))

    compare(shelf)

    assert told() == {"count": "28", "differing": "0", "new": "0", "missing": "2", "unread": "1"}
    assert skus() == set(GOODS)
    assert "offer_gone" not in shelf.journal()


def test_what_a_second_night_misses_by_name_is_gone_whatever_line_is_broken(shelf):
    gone(shelf, "S03")
    files(shelf, spoiled(b"\tS05\t"))
    compare(shelf)
    shelf.advance(24 * 3600)
    files(shelf, spoiled(b"\tS05\t"))

    compare(shelf)

    assert told()["unread"] == "1"
    assert set(GOODS) - skus() == {"S03"}
    assert shelf.journal(f"{FR}/S03")[-1] == "offer_gone"


def test_an_unreadable_line_is_named_looked_at_and_stops_no_other(shelf):
    listing(shelf, "S06").availability["DEFAULT"] = 9
    files(shelf, lambda content: content.replace(b"\tS05\t10.00", b"\tS05\t10,x"))
    before = row("S05").observed_at

    compare(shelf)

    assert (told()["unread"], told()["differing"], told()["missing"]) == ("1", "1", "0")
    assert shelf.journal(f"{FR}/S05")[-1] == "offer_unreadable"
    assert row("S05").observed_at > before
    assert row("S05").observed_minor == 1000
    assert row("S06").observed_quantity == 9


def test_a_report_is_as_old_as_the_moment_it_was_asked_for(shelf):
    shelf.box.world.write_delay = (300, 400)
    listing(shelf).availability["DEFAULT"] = 9
    begin(shelf)
    shelf.advance(60)
    listing(shelf).availability["DEFAULT"] = 5
    (seen,) = shelf.deps.open.marketplace(shelf.account).observe([offers.key_of(row())]).offers
    offers.see(AccountId(shelf.account_id), [seen], shelf.deps.clock.now())
    files(shelf, lambda content: content.replace(b"\tS01\t10.00\t5", b"\tS01\t10.00\t9"))

    while line().places:
        step(shelf)

    assert told()["count"] == "30"
    assert row().observed_quantity == 5
    assert row().asked_at is None


def test_what_an_order_moved_or_what_is_on_its_way_is_left_to_a_look(shelf):
    moved, told_ = row("S01"), row("S02")
    offers.move(AccountId(shelf.account_id), ["S01"])
    at = shelf.deps.clock.now()
    models.Offer.objects.filter(pk=told_.pk).update(submission="s", submitted_at=at, submitted_quantity=4, wanted_no=9)
    for sku in ("S01", "S02"):
        listing(shelf, sku).availability["DEFAULT"] = 2

    compare(shelf)

    assert told()["differing"] == "0"
    assert (row("S01").observed_quantity, row("S02").observed_quantity) == (5, 5)
    assert row("S01").observed_at == moved.observed_at


def test_an_offer_that_changed_hands_is_looked_at_and_not_believed(shelf):
    models.Offer.objects.filter(sku="S07").update(fulfilled_by="marketplace", observed_quantity=None)

    compare(shelf)

    assert told()["differing"] == "0"
    assert (row("S07").fulfilled_by, row("S07").observed_quantity) == ("merchant", 5)
    assert not offers.missed(row("S07"))


def test_what_was_shown_otherwise_than_wanted_is_marked_again_also_where_the_report_shows_nothing_new(shelf):
    models.Offer.objects.filter(sku="S08").update(desired_quantity=4)

    compare(shelf)

    assert told()["differing"] == "0"
    assert row("S08").wanted_no > row("S08").settled_no
    assert models.Offer.objects.filter(wanted_no__gt=models.F("settled_no")).count() == 1


def test_a_cut_file_proves_nothing_and_another_report_is_asked_for(shelf):
    answer = shelf.box.answer
    files(shelf, lambda content: content[: len(content) // 2])
    listing(shelf).availability["DEFAULT"] = 9

    begin(shelf)
    step(shelf)

    assert line().places["sweep"]["shelf"]["step"] == "again"
    assert told("shelf_in_vain") == {"word": "file cut off"}
    assert skus() == set(GOODS)
    assert row().observed_quantity == 5
    shelf.box.answer = answer
    while line().places:
        step(shelf)
    assert row().observed_quantity == 9


def test_a_report_that_fails_is_asked_for_again_an_hour_later_and_then_read_by_pages(shelf):
    shelf.control("POST", "faults", {"kind": "report-fatal", "operation": TYPE})
    before = asked(shelf, "searchListingsItems")
    begin(shelf)
    step(shelf)
    assert line().due_at - shelf.deps.clock.now() == compare_shelf.IN_VAIN

    for _ in range(10):
        if line().places:
            step(shelf)

    assert line().places == {}
    assert shelf.journal().count("shelf_in_vain") == compare_shelf.TRIES - 1
    assert told("shelf_by_pages") == {"word": "FATAL"}
    assert asked(shelf, "searchListingsItems") > before
    assert skus() == set(GOODS)


@pytest.mark.parametrize(("kind", "word"), [("report-cancelled", "CANCELLED"), ("report-stuck", "slow")])
def test_where_the_report_says_nothing_or_never_comes_the_pages_say_it(shelf, kind, word):
    shelf.control("POST", "faults", {"kind": kind, "operation": TYPE})
    gone(shelf, "S03")

    compare(shelf)

    assert told("shelf_by_pages") == {"word": word}
    assert set(GOODS) - skus() == {"S03"}


def test_where_reports_are_not_allowed_the_pages_are_read(shelf):
    shelf.control("POST", "faults", {"kind": "forbidden", "operation": "createReport"})

    compare(shelf)

    assert skus() == set(GOODS)
    assert "shelf_compared" not in shelf.journal()


def test_a_report_that_lacks_more_than_half_is_not_believed(shelf):
    files(shelf, lambda content: b"".join(content.splitlines(True)[:11]))

    compare(shelf)

    assert told("shelf_by_pages") == {"word": "incomplete"}
    assert skus() == set(GOODS)


def test_who_dies_after_the_comparison_goes_on_with_the_looks_and_does_not_read_the_report_again(shelf, monkeypatch):
    gone(shelf, "S03")
    real = offers.forget_missing
    monkeypatch.setattr(offers, "forget_missing", lambda *_: 1 / 0)
    begin(shelf)
    step(shelf)
    assert line().stopped
    assert line().places["sweep"]["shelf"]["step"] == "look"
    monkeypatch.setattr(offers, "forget_missing", real)
    fetched = asked(shelf, "getReportDocument")

    begin(shelf)

    assert line().places == {}
    assert asked(shelf, "getReportDocument") == fetched
    assert set(GOODS) - skus() == {"S03"}


def test_a_place_as_old_as_a_day_is_begun_anew(shelf):
    shelf.box.world.write_delay = (1e6, 1e6)
    begin(shelf)
    cursor = line().places["sweep"]["shelf"]["cursor"]
    shelf.advance(timedelta(hours=21).total_seconds())

    begin(shelf)

    assert line().places["sweep"]["shelf"]["cursor"] != cursor


def test_whatever_letters_stand_in_a_line_they_reach_the_database_as_they_are(shelf):
    account, site, now = AccountId(shelf.account_id), SiteId(FR), shelf.deps.clock.now()
    lines = [
        ShelfLine(sku, 1, None, True, None, "DEFAULT", "", "", title)
        for sku, title in (
            ("A\\N", "back\\slash"),
            ("B\tC", "a\ttab"),
            ("D", "a\nline\r\n"),
            ("E\\.", ""),
            ("\\.", "x"),
            ("☃", "'\";--"),
        )
    ]
    broken = UnreadOffer(OfferKey(account, site, SellerSku("F\\t")), "price")

    with shelves.comparing():
        found = shelves.keep([ShelfPage(lines, [broken]), ShelfPage(lines[:1])])
        with connection.cursor() as cursor:
            cursor.execute("SELECT sku, coalesce(title, ''), quantity, minor, own, buyable FROM shelf_line")
            kept = cursor.fetchall()
        shelves.compare(account, site, "EUR", now)
        shelves.write(account, site, "EUR", now, now)

    assert (found.count, found.unread, found.nameless) == (7, 1, 0)
    plain = [(line.sku, line.title, 1, None, True, None) for line in lines]
    assert sorted(kept, key=str) == sorted([*plain, plain[0], ("F\\t", "", None, None, None, None)], key=str)
    assert {(o.sku, o.title) for o in models.Offer.objects.exclude(sku__in=GOODS)} == {(x.sku, x.title) for x in lines}
