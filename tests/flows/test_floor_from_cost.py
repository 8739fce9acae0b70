"""No price below what the article costs, what Amazon keeps and what the merchant wants to be left; and none that is guessed."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from forain.core.ids import AccountId, SellerSku
from forain.engine import jobs
from forain.flows import link_offers, set_rules
from forain.store import fees, models, offers, runs
from forain.store.rules import Place
from forain_box.errors import error

from .conftest import DAY, FR
from .test_rules import price, rate, say, tried

ALL = Place("account")


def catalogue(house, *lines, columns="sku,title,price,currency,tax_rate,on_hand,group,cost"):
    (house.folder / "catalogue.csv").write_text("\n".join((columns, *lines, "")))


@pytest.fixture
def open_house(make_house):
    house = make_house({"SOAP": ("10.00", 12), "OIL": ("20.00", 5)})
    catalogue(house, "SOAP,Soap,10.00,EUR,20,12,bath,8.00", "OIL,Oil,20.00,EUR,20,5,kitchen,2.00")
    house.live(30)
    assert (price(house, "SOAP"), price(house, "OIL")) == (Decimal("10.00"), Decimal("20.00"))
    return house


def offer(house, sku):
    return models.Offer.objects.get(account=house.account_id, sku=sku)


def held(house, sku):
    row = offer(house, sku)
    return row.alarm, row.alarm_detail


def asked(house):
    """How many calls for fees the box has answered, and for which SKUs."""
    calls = [e for e in house.control("GET", "requests") if e["operation"] == "getMyFeesEstimates"]
    return len(calls)


def strike(house, kind, count=None, **more):
    house.control("POST", "faults", {"operation": "getMyFeesEstimates", "kind": kind, "count": count, **more})


def test_a_price_below_cost_fees_vat_and_markup_is_raised_and_says_why(open_house):
    say(open_house, ALL, floor_markup="20")

    # 8.00 and a fifth; 20 percent of VAT; of 11.52, at which it was asked, Amazon keeps 1.73: 9.60 / (1 / 1.2 - 1.73 / 11.52).
    assert price(open_house, "SOAP") == Decimal("14.06")
    assert price(open_house, "OIL") == Decimal("20.00")
    row = offer(open_house, "SOAP")
    assert (row.alarm, row.wanted_no) == ("", row.settled_no)
    assert row.desired_steps[-6:] == [
        ["floor", "14.06", ""], ["cost", "8.00", ""], ["floor_markup", "20", "account"], ["floor_tax", "20", ""],
        ["fees", "2.11", ""], ["floor_cost", "14.06", "account"],
    ]  # fmt: skip


def test_the_higher_of_the_two_floors_counts_and_an_ending_never_goes_below(open_house):
    say(open_house, ALL, floor_markup="20", floor="13.00", ending="99", ending_way="down")
    assert price(open_house, "SOAP") == Decimal("14.99")

    say(open_house, ALL, floor_markup="20", floor="15.50", ending="99", ending_way="down")
    assert price(open_house, "SOAP") == Decimal("15.99")


def test_without_counting_fees_nobody_is_asked_for_them(open_house):
    say(open_house, ALL, floor_markup="20", floor_fees="no")

    assert price(open_house, "SOAP") == Decimal("11.52")
    assert (asked(open_house), models.FeeEstimate.objects.count()) == (0, 0)


def test_only_the_offers_whose_rules_need_it_are_asked_for(open_house):
    say(open_house, Place("group", "", "bath"), floor_markup="20")

    assert list(models.FeeEstimate.objects.values_list("offer__sku", flat=True)) == ["SOAP"]
    # The price it led to is far from the one it was asked for: once more, and then no more for a week.
    open_house.live(7200, step=600)
    before = asked(open_house)
    open_house.live(DAY / 4, step=1800)
    assert (asked(open_house), before) == (2, 2)


def test_an_estimate_is_asked_for_again_after_a_week_and_not_once_no_rule_needs_it(open_house):
    say(open_house, ALL, floor_markup="20")
    first = {row.offer.sku: row.estimated_at for row in models.FeeEstimate.objects.select_related("offer")}

    open_house.advance(7 * DAY)
    open_house.live(120)

    again = {row.offer.sku: row.estimated_at for row in models.FeeEstimate.objects.select_related("offer")}
    assert all(again[sku] - first[sku] >= timedelta(days=7) for sku in ("SOAP", "OIL"))
    say(open_house, ALL)
    before = asked(open_house)
    open_house.advance(7 * DAY)
    open_house.live(120)
    assert (asked(open_house), models.FeeEstimate.objects.count()) == (before, 0)
    assert price(open_house, "SOAP") == Decimal("10.00")


def test_without_an_estimate_the_price_is_held_the_quantity_goes_on_and_the_role_is_named(open_house):
    strike(open_house, "forbidden")

    say(open_house, ALL, floor_markup="20")
    catalogue(open_house, "SOAP,Soap,11.00,EUR,20,7,bath,8.00", "OIL,Oil,21.00,EUR,20,5,kitchen,2.00")
    open_house.live(60)

    assert (held(open_house, "SOAP"), held(open_house, "OIL")) == (("held", "fee_missing"),) * 2
    assert (price(open_house, "SOAP"), open_house.quantity("SOAP")) == (Decimal("10.00"), 7)
    notice = models.Notice.objects.get(code="role_missing", closed_at=None)
    assert notice.placeholders["role"] == "Pricing"
    assert "offer_held" in open_house.refused_codes()
    # Other flows go on, and the role works again one day.
    assert models.Run.objects.get(flow="reconcile_offers", subject=f"account:{open_house.account_id}").error == ""
    open_house.control("DELETE", "faults")
    open_house.advance(DAY)
    open_house.live(300)
    assert price(open_house, "SOAP") == Decimal("14.06")
    assert open_house.refused_codes() & {"role_missing", "offer_held"} == set()


def test_without_a_cost_only_that_offer_is_held(open_house):
    catalogue(open_house, "SOAP,Soap,10.00,EUR,20,12,bath,", "OIL,Oil,2.50,EUR,20,5,kitchen,2.00")

    say(open_house, ALL, floor_markup="20")

    assert held(open_house, "SOAP") == ("held", "cost_missing")
    assert price(open_house, "OIL") == Decimal("3.51")


def test_a_cost_that_cannot_be_meant_is_told_and_is_none(make_house):
    house = make_house({"SOAP": ("10.00", 12)})
    catalogue(house, 'SOAP,Soap,10.00,EUR,20,12,bath,"8,00"')

    say(house, ALL, floor_markup="20")

    assert models.Variant.objects.get(sku="SOAP").cost_minor is None
    assert "catalogue_problem" in house.refused_codes()
    row = offer(house, "SOAP")
    assert (row.alarm, row.desired_minor) == ("held", None)


def test_the_shop_tells_no_vat_and_no_rule_does(open_house):
    catalogue(open_house, "SOAP,Soap,10.00,EUR,,12,bath,8.00", "OIL,Oil,20.00,EUR,20,5,kitchen,2.00")

    say(open_house, ALL, floor_markup="20")

    assert held(open_house, "SOAP") == ("held", "tax_rate_missing")
    assert held(open_house, "OIL") == ("", "")


def test_an_offer_amazon_estimates_nothing_for_is_held_by_itself_with_amazons_reason(open_house):
    told = open_house.box.answer

    def refuse(request):
        response = told(request)
        if request.raw_path.endswith("/feesEstimate") and response.status == 200:
            results = json.loads(response.body)
            for one in results:
                if one["FeesEstimateIdentifier"]["IdValue"] == "SOAP":
                    del one["FeesEstimate"]
                    one["Status"] = "ClientError"
                    one["Error"] = {
                        "Type": "Sender",
                        "Code": "InvalidParameterValue",
                        "Message": "not eligible",
                        "Detail": [],
                    }
            response.body = json.dumps(results).encode()
        return response

    open_house.box.answer = refuse
    catalogue(open_house, "SOAP,Soap,10.00,EUR,20,12,bath,8.00", "OIL,Oil,2.50,EUR,20,5,kitchen,2.00")
    say(open_house, ALL, floor_markup="20")

    assert held(open_house, "SOAP") == ("held", "fee_refused")
    assert price(open_house, "OIL") == Decimal("3.51")
    entry = models.Journal.objects.get(code="fee_refused")
    assert (entry.subject, entry.placeholders["why"]) == (f"{FR}/SOAP", "InvalidParameterValue: not eligible")
    open_house.live(3600, step=60)
    assert models.Journal.objects.filter(code="fee_refused").count() == 1
    open_house.box.answer = told
    open_house.advance(DAY)
    open_house.live(60)
    assert price(open_house, "SOAP") == Decimal("14.06")


def test_one_offer_that_has_a_whole_call_refused_holds_up_no_other(open_house):
    told = open_house.box.answer

    def refuse(request):
        if request.raw_path.endswith("/feesEstimate") and b'"SOAP"' in request.body:
            return error(400, "InvalidInput", "SOAP is no SKU")
        return told(request)

    open_house.box.answer = refuse
    catalogue(open_house, "SOAP,Soap,10.00,EUR,20,12,bath,8.00", "OIL,Oil,2.50,EUR,20,5,kitchen,2.00")
    say(open_house, ALL, floor_markup="20")
    open_house.live(60)

    assert held(open_house, "SOAP") == ("held", "fee_refused")
    assert price(open_house, "OIL") == Decimal("3.51")
    assert models.Journal.objects.get(code="fee_refused").placeholders["why"] == "InvalidInput: SOAP is no SKU"
    assert "internal" not in open_house.refused_codes()
    open_house.box.answer = told
    open_house.advance(DAY)
    open_house.live(120)
    assert price(open_house, "SOAP") == Decimal("14.06")


def tampered(house, change):
    """From now on the box's estimates go through `change`, result by result; None: that one is left out."""
    told = house.box.answer

    def answer(request):
        response = told(request)
        if request.raw_path.endswith("/feesEstimate") and response.status == 200:
            changed = [change(one) for one in json.loads(response.body)]
            response.body = json.dumps([one for one in changed if one is not None]).encode()
        return response

    house.box.answer = answer
    return told


def absurd(one):
    for detail in one["FeesEstimate"]["FeeDetailList"]:
        detail["FinalFee"]["Amount"] = 1e11
    return one


def negative(one):
    one["FeesEstimate"]["TotalFeesEstimate"]["Amount"] = -5
    return one


@pytest.mark.parametrize("change", [absurd, negative, lambda one: None])
def test_an_answer_that_cannot_be_believed_holds_and_is_asked_again_without_a_storm(open_house, change):
    told = tampered(open_house, change)

    say(open_house, ALL, floor_markup="20")
    assert held(open_house, "SOAP") == ("held", "fee_missing")
    assert price(open_house, "SOAP") == Decimal("10.00")
    before = asked(open_house)
    open_house.live(1800, step=60)
    assert asked(open_house) == before

    open_house.box.answer = told
    open_house.live(2400, step=60)
    assert price(open_house, "SOAP") == Decimal("14.06")


@pytest.mark.parametrize("kind", ["html-503", "truncated", "cut-after-write", "throttle"])
def test_an_ill_amazon_delays_the_floor_and_nothing_is_told_meanwhile(open_house, kind):
    strike(open_house, kind, count=3)

    say(open_house, ALL, floor_markup="20")
    assert price(open_house, "SOAP") in (Decimal("10.00"), Decimal("14.06"))
    open_house.live(900, step=15)

    assert price(open_house, "SOAP") == Decimal("14.06")
    told = models.Journal.objects.filter(code="submitted", subject=f"{FR}/SOAP").values_list("placeholders", flat=True)
    assert {p.get("price") for p in told} <= {"10.00 EUR", "14.06 EUR", None}


def test_an_estimate_that_grew_old_is_not_used(open_house):
    say(open_house, ALL, floor_markup="20")
    strike(open_house, "status-500")
    open_house.advance(22 * DAY)
    catalogue(open_house, "SOAP,Soap,10.00,EUR,20,12,bath,9.00", "OIL,Oil,20.00,EUR,20,5,kitchen,2.00")

    open_house.live(120)

    assert held(open_house, "SOAP") == ("held", "fee_missing")
    assert price(open_house, "SOAP") == Decimal("14.06")


def test_a_price_that_moved_far_is_estimated_anew(open_house):
    say(open_house, ALL, floor_markup="20")
    assert models.FeeEstimate.objects.get(offer__sku="OIL").at_minor == 2000

    catalogue(open_house, "SOAP,Soap,10.00,EUR,20,12,bath,8.00", "OIL,Oil,27.00,EUR,20,5,kitchen,2.00")
    open_house.live(4000, step=60)

    row = models.FeeEstimate.objects.get(offer__sku="OIL")
    assert (row.at_minor, row.referral_minor) == (2700, 405)
    assert price(open_house, "OIL") == Decimal("27.00")


def test_what_amazon_begins_to_send_has_other_fees(open_house):
    say(open_house, ALL, floor_markup="20")
    before = models.FeeEstimate.objects.get(offer__sku="SOAP").fixed_minor

    open_house.control("POST", "listings", [{
        "seller_id": open_house.seller, "sku": "SOAP", "marketplace_id": FR, "quantity": 12, "fulfilled_by": "AMAZON",
    }])  # fmt: skip
    runs.force(f"account:{open_house.account_id}", open_house.deps.clock.now(), ["sweep_offers"])
    open_house.live(60)
    offers.mark(AccountId(open_house.account_id), open_house.deps.clock.now())
    runs.force(f"account:{open_house.account_id}", open_house.deps.clock.now(), ["reconcile_offers"])
    open_house.live(120)

    row = models.FeeEstimate.objects.get(offer__sku="SOAP")
    assert (row.by_marketplace, row.fixed_minor > before) == (True, True)
    assert price(open_house, "SOAP") > Decimal("14.06")


def test_a_bundle_costs_what_its_articles_cost_and_nothing_is_known_where_one_is_silent(make_house):
    house = make_house({"SOAP": ("10.00", 12), "OIL": ("2.00", 5)}, on_amazon={"SET": ("9.00", 1)})
    catalogue(house, "SOAP,Soap,1.00,EUR,20,12,bath,8.00", "OIL,Oil,1.00,EUR,20,5,kitchen,2.00")
    house.live(30)
    link_offers.bundle(house.deps, house.account, SellerSku("SET"), [("SOAP", "2"), ("OIL", "1")], "Camille")

    say(house, ALL, floor_markup="20", floor_fees="no")
    # 18.00 and a fifth, with VAT.
    assert price(house, "SET") == Decimal("25.92")

    catalogue(house, "SOAP,Soap,1.00,EUR,20,12,bath,8.00", "OIL,Oil,1.00,EUR,20,5,kitchen,")
    house.live(60)
    assert held(house, "SET") == ("held", "cost_missing")
    assert price(house, "SET") == Decimal("25.92")


def test_the_cost_of_another_currency_goes_through_the_rate(open_house):
    say(open_house, ALL, floor_markup="20", floor_fees="no")
    models.AccountSite.objects.filter(site=FR).update(currency="GBP")
    offers.mark(AccountId(open_house.account_id), open_house.deps.clock.now())
    runs.force(f"account:{open_house.account_id}", open_house.deps.clock.now(), ["reconcile_offers"])
    jobs.run(open_house.deps, "reconcile_offers", f"account:{open_house.account_id}")
    assert held(open_house, "SOAP") == ("held", "rate_missing")

    rate(open_house, "0.85")

    row = offer(open_house, "SOAP")
    assert (row.desired_minor, row.desired_currency) == (980, "GBP")
    assert ["cost_rate", "0.85 (2026-03-01)", ""] in row.desired_steps


def test_a_preview_says_which_prices_would_be_held_and_asks_nobody(open_house):
    found = tried(open_house, ALL, floor_markup="20")

    assert {sku: told[2] for sku, told in found.items()} == {"SOAP": "fee_missing", "OIL": "fee_missing"}
    assert (asked(open_house), models.FeeEstimate.objects.count()) == (0, 0)
    assert tried(open_house, ALL, floor_markup="20", floor_fees="no") == {"SOAP": (12, "11.52 EUR", "")}


def test_what_another_tool_leads_asks_for_no_fees_and_is_not_held(open_house):
    say(open_house, ALL, floor_markup="20", price_led_by="other_tool")

    assert (held(open_house, "SOAP"), asked(open_house)) == (("", ""), 0)


def test_a_floor_from_cost_above_the_ceiling_holds(open_house):
    say(open_house, ALL, floor_markup="20", ceiling="12.00")

    assert held(open_house, "SOAP") == ("held", "floor_above_ceiling")
    assert price(open_house, "SOAP") == Decimal("10.00")


@pytest.mark.parametrize("text", ["-1", "901", "ten", "1,5"])
def test_what_cannot_be_meant_is_refused_where_it_is_said(open_house, text):
    refused = set_rules.say(open_house.deps, open_house.account, ALL, {"floor_markup": text}, "Camille")

    assert refused is not None
    assert refused.field == "floor_markup"


def test_two_workers_keep_one_row_and_a_later_answer_counts(open_house):
    say(open_house, ALL, floor_markup="20")
    row = models.FeeEstimate.objects.select_related("offer").get(offer__sku="SOAP")
    known = fees.of_offers([row.offer_id])
    fee = fees.usable(known[row.offer_id], row.offer, "EUR", open_house.deps.clock.now())

    assert fees.estimated(row, fee, open_house.deps.clock.now()) is False
    assert fees.need([(row.offer, fee.at)], {}, open_house.deps.clock.now()) is True
    assert models.FeeEstimate.objects.filter(offer=row.offer).count() == 1
    kept = models.FeeEstimate.objects.get(offer=row.offer)
    assert (kept.referral_minor, kept.estimated_at is not None) == (row.referral_minor, True)
