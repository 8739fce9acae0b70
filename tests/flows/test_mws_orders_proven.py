"""No order of the retired MWS is missing, and that is proven too: its own report counts them."""

import pytest

from forain.core.secret import Secret
from forain.flows import authorize
from forain.store import models
from tests.journeys.mws import MwsHouse, mws_house

from .test_orders_proven import day_passes, place, prove, read, step

HOUR = 3600
TYPE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"


@pytest.fixture
def old_house(tmp_path, transactional_db) -> MwsHouse:
    """Connected, with one order in the shop."""
    house = mws_house(tmp_path / "shop")
    house.connect()
    house.allow()
    house.live(360, step=30)
    house.first = house.buy("SOAP")["order_id"]
    read(house)
    assert house.shop_orders() == [house.first]
    return house


def files(house, change):
    """From now on the files of reports are changed on their way."""
    answer = house.box.answer

    def garbled(request):
        response = answer(request)
        if response.headers.get("content-md5"):
            response.body = change(response.body)
        return response

    house.box.answer = garbled
    return lambda: setattr(house.box, "answer", answer)


def reports_of_orders(house):
    return [r for r in house.box.world.state.reports.values() if r.report_type == TYPE]


def test_an_order_that_no_list_ever_shows_is_found_read_and_imported_once(old_house):
    old_house.control("POST", "faults", {"kind": "omit", "count": 2})
    lost = sorted(old_house.buy(sku)["order_id"] for sku in ("OIL", "SOAP"))
    day_passes(old_house)
    assert old_house.shop_orders() == [old_house.first]

    proof = prove(old_house)

    assert old_house.shop_orders() == sorted([old_house.first, *lost])
    assert (proof.orders, proof.missing, proof.still_missing, proof.worth) == (3, lost, [], {})
    told = models.Journal.objects.get(code="orders_counted").placeholders
    assert (told["count"], told["missing"], told["now"]) == ("3", "2", "0")
    assert "orders_left_out" not in old_house.refused_codes()
    day_passes(old_house)
    assert (prove(old_house).missing, len(old_house.shop_orders())) == ([], 3)


def test_a_quiet_day_has_a_report_without_data_and_that_is_believed(tmp_path, transactional_db):
    house = mws_house(tmp_path / "shop")
    house.connect()
    house.live(60, step=30)
    read(house)
    day_passes(house)

    proof = prove(house)

    assert (proof.whole, proof.orders) == (True, 0)


def test_after_a_stop_the_gap_is_counted(old_house):
    old_house.steer("deactivate")
    old_house.live(2400, step=120)
    assert old_house.account.standing == "refused"
    old_house.control("POST", "faults", {"kind": "omit", "count": 1})
    lost, seen = (old_house.buy(sku)["order_id"] for sku in ("OIL", "SOAP"))
    old_house.advance(2 * HOUR)
    old_house.steer("reactivate")
    assert authorize.enter_token(old_house.deps, old_house.account, Secret(old_house.token), None).code == "granted"
    old_house.advance(180)
    read(old_house)
    assert old_house.shop_orders() == sorted([old_house.first, seen])
    old_house.advance(HOUR)
    read(old_house)

    proof = prove(old_house)

    assert proof.until >= old_house.account.resumed_at
    assert (proof.orders, proof.missing, proof.still_missing) == (3, [lost], [])
    assert lost in old_house.shop_orders()


@pytest.mark.parametrize("kind", ["report-fatal", "report-cancelled"])
def test_a_report_that_was_cancelled_is_asked_for_anew_after_an_hour(old_house, kind):
    """MWS tells a report that was not carried out from one without data."""
    day_passes(old_house)
    old_house.control("POST", "faults", {"kind": kind, "operation": TYPE, "count": 1})

    proof = prove(old_house, most=60)

    first, second = reports_of_orders(old_house)
    assert (second.created_at - first.created_at).total_seconds() >= HOUR
    assert (proof.whole, proof.orders, proof.missing) == (True, 1, [])
    assert models.Journal.objects.get(code="count_in_vain").placeholders["word"] == "_CANCELLED_"


def test_a_report_that_was_cut_is_no_proof_and_is_asked_for_anew(old_house):
    old_house.buy("OIL")
    read(old_house)
    day_passes(old_house)
    mended = files(old_house, lambda body: body[: body.index(b"\n", body.index(b"\n") + 1) + 1])
    with pytest.raises(AssertionError, match="content-md5"):
        prove(old_house, most=6)
    assert (models.OrderProof.objects.count(), place(old_house)) == (0, {})
    mended()

    assert (prove(old_house).orders, models.OrderProof.objects.get().whole) == (2, True)


@pytest.mark.parametrize("operation", ["RequestReport", "GetReportRequestList", "GetReport"])
@pytest.mark.parametrize("kind", ["cut", "status-500", "truncated", "throttle"])
def test_an_ill_amazon_costs_time_and_never_the_count(old_house, operation, kind):
    old_house.control("POST", "faults", {"kind": "omit", "count": 1})
    lost = old_house.buy("OIL")["order_id"]
    day_passes(old_house)
    old_house.control("POST", "faults", {"kind": kind, "operation": f"mws.{operation}", "count": 2})

    proof = prove(old_house, most=60)

    assert (proof.orders, proof.missing, proof.still_missing) == (2, [lost], [])


def test_orders_are_counted_once_a_day(old_house):
    for day in range(1, 4):
        day_passes(old_house)
        prove(old_house)
        step(old_house, "prove_orders")
        assert len(reports_of_orders(old_house)) == day
