"""Every total of an order is the sum of its parts, to the cent, wherever the box tells it."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forain_box import amounts, ledger, trade
from tests.box.client import DE, FR, JP, US, Client

ALL = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS"
REGION = {FR: "eu", US: "na", JP: "fe"}
CENTS = st.integers(0, 5000).map(lambda n: f"{n // 100}.{n % 100:02}")
ITEM = st.fixed_dictionaries(
    {"sku": st.sampled_from(["SOAP", "BRUSH", "SALT"]), "quantity": st.integers(1, 7)},
    optional={
        "shipping": CENTS, "discount": CENTS, "shipping_discount": CENTS, "gift_wrap": CENTS, "cod_fee": CENTS, "tax": CENTS,
    },
)  # fmt: skip


def shop(site):
    client = Client(sites=(site,), region=REGION[site], throttle=False)
    for sku, price in (("SOAP", "6.90"), ("BRUSH", "12.35"), ("SALT", "0.99")):
        client.put(sku, 1000, price={"amount": price if site != JP else price.replace(".", "")})
    return client


def buy(client, items, **rest):
    told = {"seller_id": "SELLER1", "marketplace_id": client.site, "items": items, **rest}
    status, order = client.control("POST", "orders", told)
    assert status == 201, order
    return order["order_id"]


def amount(money):
    return Decimal(money["amount"])


def parts_of(breakdowns, *, on_top):
    found = {b["type"]: amount(b["subtotal"]) for b in breakdowns}
    tax = found.pop("TAX", Decimal(0))
    return sum(found.values()) - 2 * found.get("DISCOUNT", Decimal(0)) + (tax if on_top else 0)


@pytest.mark.parametrize("site", [FR, US, JP])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(items=st.lists(ITEM, min_size=1, max_size=4), tax=st.sampled_from([None, True, False]))
def test_totals_are_the_sum_of_their_parts(site, items, tax):
    client = shop(site)
    order = buy(client, items, tax=tax, cash_on_delivery=True)

    told = client.api("GET", f"orders/2026-01-01/orders/{order}?includedData={ALL}")[1]["order"]

    on_top = site == US
    lines = told["orderItems"]
    for line in lines:
        assert amount(line["proceeds"]["proceedsTotal"]) == parts_of(line["proceeds"]["breakdowns"], on_top=on_top)
        for part in line["proceeds"]["breakdowns"]:
            if "detailedBreakdowns" in part:
                assert sum(amount(d["value"]) for d in part["detailedBreakdowns"]) == amount(part["subtotal"])
    total = amount(told["proceeds"]["grandTotal"])
    assert total == sum(amount(line["proceeds"]["proceedsTotal"]) for line in lines)
    assert total == parts_of(told["proceeds"]["breakdowns"], on_top=on_top)
    assert amount(told["payment"]["paymentExecutions"][0]["paymentAmount"]) == total
    old = client.api("GET", f"orders/v0/orders/{order}")[1]["payload"]
    assert Decimal(old["OrderTotal"]["Amount"]) == total
    decimals = 0 if site == JP else 2
    assert -Decimal(old["OrderTotal"]["Amount"]).as_tuple().exponent == decimals


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    items=st.lists(ITEM, min_size=1, max_size=3, unique_by=lambda i: i["sku"]), seed=st.integers(0, 10**6),
    site=st.sampled_from([FR, US, JP]), tax=st.booleans(),
)  # fmt: skip
def test_shipments_and_refunds_of_an_order_add_up_to_it(items, seed, site, tax):
    client = shop(site)
    world = client.box.world
    order = world.state.orders[buy(client, items, tax=tax)]
    world.chance.seed(seed)
    reference = 0
    for line in order.lines:
        left = line.quantity
        while left:
            count = world.chance.randint(1, left)
            left, reference = left - count, reference + 1
            package = trade.Package(str(reference), "DHL", "T", "", world.now(), {line.item_id: count})
            trade.confirm_package(world, order, package)
            client.advance(10)

    shipped = [world.state.transactions[p] for p in order.transactions]
    assert all(t.kind == "Shipment" for t in shipped)
    assert order.status == "SHIPPED"
    paid = sum(
        a for t in shipped for n, a in t.parts.items() if ledger.GROUPS[n] != "AmazonFees" and n != ledger.WITHHELD
    )
    assert paid == amounts.total(order)
    for t in shipped:
        assert sum(Decimal(a) for i in t.items for a in i["parts"].values()) == ledger.amount_of(t)

    if amounts.total(order) > 0:
        trade.refund(world, order)
        refund = world.state.transactions[order.transactions[-1]]
        given = sum(a for n, a in refund.parts.items() if ledger.GROUPS[n] != "AmazonFees" and n != ledger.WITHHELD)
        assert -given == amounts.total(order) == sum(line.refunded for line in order.lines)


def test_sales_tax_is_added_in_the_usa_and_withheld_by_amazon():
    client = shop(US)
    order = buy(client, [{"sku": "SOAP", "quantity": 2}], shipping=0)

    told = client.api("GET", f"orders/2026-01-01/orders/{order}?includedData={ALL}")[1]["order"]

    parts = {b["type"]: b["subtotal"]["amount"] for b in told["proceeds"]["breakdowns"]}
    assert parts == {"ITEM": "13.80", "TAX": "1.14"}
    assert told["proceeds"]["grandTotal"]["amount"] == "14.94"
    assert told["orderItems"][0]["tax"]["taxCollections"][0]["model"] == "MARKETPLACE_FACILITATOR"


@pytest.mark.parametrize(("asked", "stated"), [({}, None), ({"tax": True}, "2.30")])
def test_vat_is_within_the_price_and_stated_only_under_the_vat_service(asked, stated):
    client = shop(FR)
    order = buy(client, [{"sku": "SOAP", "quantity": 2}], shipping=0, **asked)

    told = client.api("GET", f"orders/2026-01-01/orders/{order}?includedData=PROCEEDS")[1]["order"]
    old = client.api("GET", f"orders/v0/orders/{order}/orderItems")[1]["payload"]["OrderItems"][0]

    parts = {b["type"]: b["subtotal"]["amount"] for b in told["proceeds"]["breakdowns"]}
    assert told["proceeds"]["grandTotal"]["amount"] == "13.80"
    assert parts.get("TAX") == stated
    assert old["ItemTax"]["Amount"] == (stated or "0.00")
    assert old["ItemPrice"]["Amount"] == "13.80"


def test_one_seller_may_have_orders_in_two_currencies():
    client = Client(sites=(FR, "A1F83G8C2ARO7P"))
    client.control(
        "POST", "listings",
        [{"seller_id": "SELLER1", "sku": "SOAP", "marketplace_id": "A1F83G8C2ARO7P", "quantity": 5, "price": {"amount": "5.50"}}],
    )  # fmt: skip
    buy(client, [{"sku": "SOAP"}])
    client.site = "A1F83G8C2ARO7P"
    buy(client, [{"sku": "SOAP"}])
    client.advance(300)

    found = client.api("GET", "orders/2026-01-01/orders?createdAfter=2026-02-01T00:00:00Z&includedData=PROCEEDS")[1][
        "orders"
    ]

    assert [o["proceeds"]["grandTotal"] for o in found] == [
        {"amount": "11.80", "currencyCode": "EUR"}, {"amount": "10.40", "currencyCode": "GBP"},
    ]  # fmt: skip
    assert DE not in {o["salesChannel"]["marketplaceId"] for o in found}
