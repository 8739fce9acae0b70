"""Amazon's answers that hold one odd thing: it is shown, and everything else goes on."""

import json
from datetime import timedelta

from forain.engine import jobs
from forain.flows import import_orders
from forain.store import models

from .conftest import cutting


def bending(box):
    """The box behind somebody who changes its answers. `bend`: (path, answer) -> answer, or None for a refusal."""

    def answer(environ, start_response):
        told = {}
        body = b"".join(cutting(box)(environ, lambda status, headers, *_: told.update(status=status, headers=headers)))
        bend = getattr(box, "bend", None)
        if bend is not None and told["status"].startswith("200") and "/eu/" in environ["PATH_INFO"]:
            changed = bend(environ["PATH_INFO"], json.loads(body))
            if changed is None:
                told["status"], changed = "400 Bad Request", {"errors": [{"code": "InvalidInput", "message": "no"}]}
            body = json.dumps(changed).encode()
            told["headers"] = [(n, v) for n, v in told["headers"] if n.lower() != "content-length"]
        start_response(told["status"], told["headers"])
        return [body]

    return answer


def house_with(make_house, bend=None):
    house = make_house(transport=bending)
    house.live(60)
    house.box.bend = bend
    return house


def for_orders(change):
    def bend(path, answer):
        for order in answer.get("orders", []) + ([answer["order"]] if "order" in answer else []):
            change(order)
        return answer

    return bend


def test_an_offer_that_cannot_be_read_is_not_taken_for_gone(make_house):
    def bend(path, answer):
        for item in answer.get("items", []) if "/listings/" in path else []:
            if item["sku"] == "OIL":
                item["fulfillmentAvailability"] = [{"fulfillmentChannelCode": "DEFAULT", "quantity": "five"}]
        return answer

    house = house_with(make_house, bend)
    house.advance(timedelta(hours=24).total_seconds())
    house.change("SOAP", stock=3)

    house.live(120)

    assert house.quantity("SOAP") == 3
    assert models.Offer.objects.get(sku="OIL").observed_quantity == 5
    assert "offer_unreadable" in house.journal()
    assert "offer_gone" not in house.journal()


def test_an_order_that_cannot_be_read_nor_asked_for_again_stops_no_other(make_house):
    def bend(path, answer):
        if "order" in answer:
            return None
        for order in answer.get("orders", []):
            if order["orderId"] == odd["order_id"]:
                order["fulfillment"]["fulfillmentStatus"] = "TELEPORTED"
        return answer

    house = house_with(make_house, bend)
    odd = house.buy("SOAP")
    good = house.buy("OIL")

    house.live(600, step=20)

    assert house.shop_orders() == [good["order_id"]]
    assert models.Order.objects.get(order_id=odd["order_id"]).hold_reason == "unreadable"
    house.box.bend = None
    house.live(600, step=20)
    assert house.shop_orders() == sorted([odd["order_id"], good["order_id"]])


def test_a_buyer_who_asks_to_cancel_is_shown_until_it_is_decided(make_house):
    def ask(order):
        for item in order["orderItems"]:
            item["cancellation"] = {"cancellationRequest": {"requester": "BUYER"}}

    house = house_with(make_house, for_orders(ask))
    house.buy("OIL")

    house.live(600, step=20)

    assert "cancel_asked" in house.refused_codes()
    house.box.bend = None
    house.live(600, step=20)
    assert "cancel_asked" not in house.refused_codes()


def test_an_order_whose_lines_do_not_add_up_is_in_the_shop_and_a_person_is_told(make_house):
    def more(order):
        if "proceeds" in order:
            order["proceeds"]["grandTotal"]["amount"] = "99.00"

    house = house_with(make_house, for_orders(more))
    order = house.buy("OIL")

    house.live(600, step=20)

    assert house.shop_orders() == [order["order_id"]]
    assert "order_total_differs" in house.refused_codes()


def test_a_plan_that_cannot_be_read_says_nothing_about_the_permission(make_house):
    def bend(path, answer):
        if path.endswith("/sellers/v1/account"):
            answer["payload"]["sellingPlan"] = "GOLD"
        return answer

    house = house_with(make_house, bend)
    house.advance(timedelta(days=2).total_seconds())
    probed = house.account.probed_at

    house.live(60)

    assert house.account.probed_at > probed
    assert house.account.standing == "granted"
    assert house.account.selling_plan == "PROFESSIONAL"


def test_an_offer_amazon_sends_since_the_last_look_gets_no_quantity(make_house):
    house = make_house()
    house.live(60)
    house.advance(3600)
    house.control(
        "POST", "listings",
        [{"seller_id": house.seller, "sku": "OIL", "marketplace_id": "A13V1IB3VIYZZH", "fulfilled_by": "AMAZON", "quantity": 40}],
    )  # fmt: skip
    house.change("OIL", stock=2)
    house.change("SOAP", stock=3)

    house.live(60)

    assert house.quantity("SOAP") == 3
    assert house.amazon("OIL")["availability"] == {"DEFAULT": 5, "AMAZON_EU": None}
    assert "fulfilled_by_marketplace" in models.Offer.objects.get(sku="OIL").notes


def test_a_refusal_between_the_two_questions_of_a_probe_is_looked_at_again_within_minutes(make_house):
    def bend(path, answer):
        if path.endswith("/marketplaceParticipations"):
            house.box.bend = None
            house.control("POST", f"sellers/{house.seller}/revoke", {})
        return answer

    house = house_with(make_house, bend)
    house.advance(timedelta(days=1).total_seconds())
    jobs.run(house.deps, "probe", f"account:{house.account_id}")
    assert house.account.standing == "doubted"

    house.live(120, step=20)

    assert house.account.standing == "refused"


def test_of_an_answer_that_breaks_the_contract_the_shape_is_kept_and_no_value(make_house):
    def bend(path, answer):
        return {"payload": [{"marketplace": {"id": 5, "name": "canary"}}]} if "Participations" in path else answer

    house = house_with(make_house, bend)
    for _ in range(3):
        house.advance(7 * 3600)
        house.live(200, step=20)

    (found,) = models.Finding.objects.filter(code="internal", subject=f"account:{house.account_id}/probe")
    assert found.placeholders["sample"] == '{"marketplace": {"id": "number", "name": "text"}}'
    assert "canary" not in json.dumps(list(models.Journal.objects.values_list("placeholders", flat=True)))


def test_an_order_read_without_its_address_because_of_one_refusal_is_read_again_and_comes_in(house):
    house.live(60)
    order = house.buy("SOAP")["order_id"]
    house.advance(300)
    house.control("POST", "faults", {"kind": "forbidden", "operation": "searchOrders", "count": 1})
    import_orders.import_orders(house.deps, house.account)
    assert models.Order.objects.get(order_id=order).hold_reason == "address_missing"

    house.live(3900, step=60)

    assert house.shop_orders() == [order]
    assert "order_held" not in house.refused_codes()


def test_an_order_whose_text_no_table_can_keep_stops_no_other(make_house):
    def bend(path, answer):
        for order in answer.get("orders", []):
            if order["orderId"] == odd["order_id"]:
                order["orderItems"][0]["product"]["title"] = "nul\0"
        return answer if "order" not in answer else None

    house = house_with(make_house, bend)
    odd = house.buy("SOAP")
    good = house.buy("OIL")

    house.live(600, step=20)

    assert house.shop_orders() == [good["order_id"]]
    assert models.Order.objects.get(order_id=odd["order_id"]).hold_reason == "unreadable"
    assert "order_held" in house.refused_codes()


def test_an_order_without_even_an_id_stops_no_other_is_told_and_comes_in_once_it_has_one(make_house):
    def bend(path, answer):
        for order in answer.get("orders", []):
            if order["orderId"] == odd["order_id"]:
                order["orderId"] = None
        return answer

    house = house_with(make_house, bend)
    odd = house.buy("SOAP")
    known_until = house.account.orders_known_until
    good = house.buy("OIL")

    house.live(1800, step=60)

    assert house.shop_orders() == [good["order_id"]]
    assert house.account.orders_known_until == known_until
    found = models.Finding.objects.get(code="internal", subject=f"account:{house.account_id}/import_orders")
    assert "an order without a name" in found.placeholders["error"]
    house.box.bend = None
    house.live(4000, step=60)
    assert house.shop_orders() == sorted([odd["order_id"], good["order_id"]])


def test_an_offer_without_even_an_sku_makes_none_count_as_gone(make_house):
    def bend(path, answer):
        for item in answer.get("items", []) if "/listings/" in path else []:
            if item["sku"] == "OIL":
                item["sku"] = ["?"]
        return answer

    house = house_with(make_house, bend)
    house.advance(timedelta(hours=24).total_seconds())

    house.live(300, step=20)

    assert set(models.Offer.objects.values_list("sku", flat=True)) == {"SOAP", "OIL"}
    assert models.Offer.objects.get(sku="SOAP").observed_at > models.Offer.objects.get(sku="OIL").observed_at
    assert models.Finding.objects.filter(code="internal", subject__endswith="/sweep_offers").exists()
    house.box.bend = None
    house.live(4000, step=60)
    assert not models.Finding.objects.filter(code="internal").exists()


def test_an_answer_that_comes_late_takes_back_nothing_that_a_newer_one_told(make_house):
    """Two workers read the list; the one that read it before the buyer asked to cancel is the last to write."""
    answers = []

    def remember(path, told):
        if path.endswith("/orders") and told["orders"]:
            answers.append(told)
        return told

    house = house_with(make_house, remember)
    order = house.buy("OIL")
    house.live(600, step=20)
    before_the_wish = answers[-1]
    house.control("POST", f"orders/{order['order_id']}/request-cancellation", {})
    house.live(600, step=20)
    assert "cancel_asked" in house.refused_codes()

    house.box.bend = lambda path, told: before_the_wish if path.endswith("/orders") else told
    house.live(600, step=20)

    assert "cancel_asked" in house.refused_codes()


def test_a_wish_to_cancel_that_amazon_would_not_tell_for_a_while_is_asked_for_later(make_house):
    """The buyer's data are refused for so long that no overlap of the windows reads the order again."""

    def refusing(box):
        inner = cutting(box)
        box.refuses = False

        def answer(environ, start_response):
            if box.refuses and "/orders/2026" in environ["PATH_INFO"] and "CANCELLATION" in environ["QUERY_STRING"]:
                start_response("403 Forbidden", [("content-type", "application/json")])
                return [b'{"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied."}]}']
            return inner(environ, start_response)

        return answer

    house = make_house(transport=refusing)
    house.live(60, step=20)
    order = house.buy("OIL")
    house.live(600, step=30)
    house.control("POST", f"orders/{order['order_id']}/request-cancellation", {})
    house.box.refuses = True
    house.live(3000, step=60)
    assert "cancel_asked" not in house.refused_codes()

    house.box.refuses = False
    house.live(5400, step=120)

    assert "cancel_asked" in house.refused_codes()
