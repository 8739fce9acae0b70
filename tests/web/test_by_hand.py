"""What to ship and confirm by hand while an account stands still: the most pressing first, and no buyer."""

import re
from datetime import timedelta

import pytest

from forain import wiring
from forain.core.ids import AccountId, OrderKey
from forain.core.money import LineTotal, Money
from forain.core.orders import Address, Line, Order, OrderStatus
from forain.store import models, orders
from tests.people import come_in
from tests.web.test_authorizations_page import FR, connect

BUYER = Address("Mme Plainly Fake", ("1 rue de l'Essai",), "Lyon", "69001", "FR")


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    client.account = connect("Fine food", 200, standing="refused")
    return client


def sold(account, number, *, ship_in=24, status=OrderStatus.UNSHIPPED, by="merchant", title="Soap"):
    deps, now = wiring.deps(), wiring.deps().clock.now()
    name = f"302-0000000-000000{number}"
    line = Line("1", "SOAP", title, 2, LineTotal(Money(1380, "EUR")))
    order = Order(
        OrderKey(AccountId(account.pk), name), FR, status, by, now - timedelta(hours=number), now, (line,), "EUR",
        total=Money(1380, "EUR"), ship_to=BUYER, ship_by=now + timedelta(hours=ship_in),
    )  # fmt: skip
    orders.see(order, deps.vault, now)
    return models.Order.objects.get(order_id=name)


def parcel(order, confirmed=False):
    now = wiring.deps().clock.now()
    return models.Parcel.objects.create(
        order=order, shop_parcel="P1", reference="1", carrier="Colissimo", tracking="T-123", shipped_at=now, seen_at=now,
        items={"1": 1}, confirmed_at=now if confirmed else None,
    )  # fmt: skip


def shown(merchant):
    answer = merchant.get(f"/accounts/{merchant.account.pk}/by-hand")
    assert answer.status_code == 200
    return answer.content.decode()


def parts(page):
    """The order ids under each heading, as they stand there."""
    found = re.split(r"<h2>", page)[1:]
    return [re.findall(r"302-0000000-\d{7}(?=</b>)", part) for part in found]


def test_the_most_pressing_order_comes_first_and_what_is_sent_or_not_ours_does_not_come(merchant):
    for number, ship_in in ((1, 30), (2, -3), (3, 5)):
        sold(merchant.account, number, ship_in=ship_in)
    sold(merchant.account, 4, status=OrderStatus.SHIPPED)
    sold(merchant.account, 5, status=OrderStatus.CANCELLED)
    sold(merchant.account, 6, status=OrderStatus.PENDING)
    sold(merchant.account, 7, by="marketplace")

    to_ship, unconfirmed = parts(shown(merchant))

    assert to_ship == [f"302-0000000-000000{n}" for n in (2, 3, 1)]
    assert unconfirmed == []
    assert shown(merchant).count('class="late"') == 1


def test_what_left_the_house_is_to_be_confirmed_with_its_carrier_and_number(merchant):
    parcel(sold(merchant.account, 1))
    parcel(sold(merchant.account, 2, status=OrderStatus.PARTIALLY_SHIPPED), confirmed=True)

    page = shown(merchant)
    to_ship, begun, unconfirmed = parts(page)

    assert (to_ship, begun, unconfirmed) == ([], ["302-0000000-0000002"], ["302-0000000-0000001"])
    assert "Colissimo T-123" in page


def test_the_pieces_stand_there_and_each_order_leads_to_seller_central_where_the_buyer_is(merchant):
    sold(merchant.account, 1)

    page = shown(merchant)

    assert "2 × SOAP" in page
    assert 'href="https://sellercentral-europe.amazon.com/orders-v3/order/302-0000000-0000001"' in page
    assert [word for word in ("Plainly", "Essai", "69001", "Lyon") if word in page] == []


def test_an_account_of_a_box_leads_nowhere(merchant):
    models.Account.objects.update(options={"address.consent": "http://127.0.0.1:8788/seller-central/eu"})
    sold(merchant.account, 1)

    assert "orders-v3" not in shown(merchant)


def test_another_accounts_orders_are_not_on_it(merchant):
    sold(connect("Old books", 200), 1)

    assert parts(shown(merchant)) == [[], []]


def test_an_order_whose_key_is_lost_still_stands_there_with_its_pieces(merchant):
    row = sold(merchant.account, 1)
    models.Order.objects.filter(pk=row.pk).update(body=b"nothing that opens")

    page = shown(merchant)

    assert parts(page) == [["302-0000000-0000001"], []]
    assert "2 × SOAP" in page


ROLE = "the role Direct-to-Consumer Shipping is missing"
PLAIN = "came without an address: not in your shop"


def without_address(order):
    models.Order.objects.filter(pk=order.pk).update(hold_reason="address_missing")


def test_the_role_is_named_where_no_address_has_ever_come(merchant):
    without_address(sold(merchant.account, 1))

    page = shown(merchant)

    assert ROLE in page
    assert PLAIN not in page


def test_one_order_without_an_address_is_not_put_down_to_a_role_that_works(merchant):
    before = sold(merchant.account, 2)
    models.Order.objects.filter(pk=before.pk).update(state="created", hold_reason="", imported_at=before.purchased_at)
    without_address(sold(merchant.account, 1))

    page = shown(merchant)

    assert PLAIN in page
    assert "Direct-to-Consumer" not in page


def test_no_role_is_named_of_a_marketplace_that_has_none(merchant):
    models.Application.objects.update(marketplace="amazon_mws", kind="mws")
    models.Account.objects.update(marketplace="amazon_mws")
    without_address(sold(merchant.account, 1))

    page = shown(merchant)

    assert PLAIN in page
    assert "Direct-to-Consumer" not in page


def test_an_accountant_does_not_see_it(client, transactional_db):
    account = connect("Fine food", 200)
    come_in(client, role="accountant")

    assert client.get(f"/accounts/{account.pk}/by-hand").status_code == 403


def test_the_account_and_the_overview_lead_to_it_when_it_stands_still(merchant):
    address = f"/accounts/{merchant.account.pk}/by-hand"

    assert address in merchant.get("/").content.decode()
    assert address in merchant.get(f"/accounts/{merchant.account.pk}").content.decode()


def card(merchant):
    page = merchant.get("/", headers={"accept-language": "en"}).content.decode()
    return page[page.index('<section class="card account">') : page.index('<dl class="six">')]


@pytest.mark.parametrize(
    ("stop", "pill", "button"),
    [
        ("expired", "expired", "#renew"),
        ("revoked", "withdrawn", "#renew"),
        ("application", "stands still", "#secret"),
        ("not let in", "stands still", None),
        ("doubted", "in doubt, being checked", None),
        ("paused", "paused", None),
    ],
)
def test_the_card_of_an_account_that_stands_still_says_so_and_offers_the_page(merchant, stop, pill, button):
    row, now = merchant.account, wiring.deps().clock.now()
    if stop == "expired":
        models.Account.objects.update(expires_at=now - timedelta(days=1))
    elif stop == "revoked":
        models.Account.objects.update(estimated=False)
    elif stop in ("application", "not let in"):
        models.Account.objects.update(standing="granted", refused_at=None)
        code = "invalid_client" if stop == "application" else "unauthorized_client"
        models.Application.objects.update(refused_at=now, refused_code=code)
    elif stop == "doubted":
        models.Account.objects.update(standing="doubted", refused_at=None, doubted_at=now)
    elif stop == "paused":
        models.Account.objects.update(
            standing="granted", refused_at=None, paused=["stock", "prices", "orders", "shipments"]
        )

    shown = card(merchant)

    assert f'href="/accounts/{row.pk}/by-hand"' in shown
    assert re.findall(r'<span class="pill (\w+)">([^<]+)</span>', shown)[0][1] == pill
    assert 'class="pill active"' not in shown
    assert [link for link in ("#renew", "#secret") if link in shown] == ([button] if button else [])


def test_the_card_of_an_account_that_runs_offers_no_such_page(merchant):
    models.Account.objects.update(standing="granted", refused_at=None)

    assert "by-hand" not in card(merchant)
    assert 'class="pill active"' in card(merchant)
