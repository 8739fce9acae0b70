"""Connecting: what is half done leaves nothing behind, and what another account lives by stays in force."""

from dataclasses import replace

import pytest

from forain.core import errors
from forain.core.ids import AccountId
from forain.core.secret import Secret
from forain.flows import authorize, setup
from forain.store import accounts, models

FR = "A13V1IB3VIYZZH"
ADDRESSES = {"address.token": "http://box/auth/o2/token", "address.api": "http://box/eu"}


def told(house, application, **changes):
    values = {
        "client_id": application["client_id"],
        "client_secret": application["client_secret"],
        "region": "EU",
        "seller_id": "A2OTHERSELLER",
        "refresh_token": "",
    } | changes
    return setup.NewAccount("amazon", "private", changes.pop("name", ""), values, ADDRESSES)


def granted(house, application, seller="A2OTHERSELLER"):
    house.control("POST", "sellers", {"seller_id": seller, "region": "eu", "marketplace_ids": [FR]})
    return house.control("POST", f"sellers/{seller}/authorize", {"application_id": application["application_id"]})[
        "refresh_token"
    ]


def test_a_wrong_secret_typed_for_a_second_account_does_not_stop_the_first(house):
    house.live(60)
    token = granted(house, house.application)

    with pytest.raises(errors.AppRefused):
        setup.add_account(
            house.deps, told(house, house.application, refresh_token=token, client_secret="amzn1.oa2-cs.v1.wrongwrong")
        )
    house.advance(3700)
    house.change("SOAP", stock=3)
    house.live(120)

    assert house.quantity("SOAP") == 3
    assert house.account.application.refused_at is None


def test_an_application_without_the_listing_role_is_told_so_and_not_called_another_sellers(house):
    bare = house.control(
        "POST",
        "applications",
        {"name": "Bare", "kind": "private", "roles": ["Inventory and Order Tracking", "Selling Partner Insights"]},
    )

    with pytest.raises(errors.Denied) as refused:
        setup.add_account(house.deps, told(house, bare, refresh_token=granted(house, bare)))

    assert refused.value.role == "Product Listing"


def test_a_renewal_without_the_listing_role_is_a_renewal(house):
    bare = house.control(
        "POST",
        "applications",
        {"name": "Bare", "kind": "private", "roles": ["Inventory and Order Tracking", "Selling Partner Insights"]},
    )
    token = house.control("POST", f"sellers/{house.seller}/authorize", {"application_id": bare["application_id"]})[
        "refresh_token"
    ]
    now = house.deps.clock.now()
    row = models.Application.objects.create(
        marketplace="amazon", kind="private", client_id=bare["client_id"], created_at=now
    )
    house.deps.vault.put(authorize.application_owner(row), "client_secret", Secret(bare["client_secret"]), now)
    models.Account.objects.update(application=row)

    assert authorize.enter_token(house.deps, house.account, Secret(token), None).code == "granted"


def test_an_account_that_never_got_a_grant_makes_room_for_the_next_try(house):
    application = house.control("POST", "applications", {"name": "Mine", "kind": "private"})
    setup.add_account(house.deps, told(house, application))

    account = setup.add_account(house.deps, told(house, application, refresh_token=granted(house, application)))

    assert account.standing == "granted"
    assert models.Account.objects.filter(seller="A2OTHERSELLER").count() == 1


def test_a_secret_mistyped_at_the_first_connection_is_no_former_one(house):
    application = house.control("POST", "applications", {"name": "Mine", "kind": "private"})
    setup.add_account(house.deps, told(house, application, client_secret="amzn1.oa2-cs.v1.mistyped"))
    row = models.Application.objects.get(client_id=application["client_id"])

    setup.add_account(house.deps, told(house, application))
    entries = models.VaultEntry.objects.filter(owner=authorize.application_owner(row))

    assert set(entries.values_list("name", flat=True)) == {"client_secret"}
    assert authorize.secret_kept(house.deps, row) == Secret(application["client_secret"])
    row.refresh_from_db()
    assert row.former_until is None


def test_two_sellers_of_one_region_need_no_names_of_their_own(house):
    for seller in ("A2OTHERSELLER", "A3THIRDSELLER"):
        token = granted(house, house.application, seller)
        setup.add_account(house.deps, told(house, house.application, refresh_token=token, seller_id=seller))

    assert models.Account.objects.count() == 3


class Breaks:
    """A shop whose check breaks in a way nobody foresaw, or a process that dies in it."""

    def __init__(self, opener, error):
        self._opener, self._error = opener, error

    def __getattr__(self, name):
        return getattr(self._opener, name)

    def shop(self, row):
        raise self._error


def test_a_shop_that_breaks_while_it_is_tried_leaves_nothing_behind(house, tmp_path):
    deps = replace(house.deps, open=Breaks(house.deps.open, ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        setup.add_shop(deps, "files", "Second", {"folder": str(tmp_path)})
    assert models.Shop.objects.count() == 1

    models.Shop.objects.create(
        kind="files", name="Second", options={}, hook_name="left-behind", created_at=house.deps.clock.now()
    )
    folder = tmp_path / "second"
    folder.mkdir()
    (folder / "catalogue.csv").write_text("id,sku,ean,title,price,currency,tax_rate,on_hand\nA,A,,a,1.00,EUR,20,1\n")
    row, _ = setup.add_shop(house.deps, "files", "Second", {"folder": str(folder)})

    assert row.hook_name != "left-behind"
    with pytest.raises(setup.Exists):
        setup.add_shop(house.deps, "files", "Second", {"folder": str(folder)})
    assert models.Shop.objects.filter(pk=row.pk).exists()


def test_an_account_without_a_shop_reads_orders_and_waits_for_its_shop(make_house):
    house = make_house()
    models.Account.objects.update(shop=None)
    house.live(60)
    order = house.buy("SOAP")

    house.live(600, step=30)

    assert models.Order.objects.get().hold_reason == "unknown_sku"
    assert not models.Run.objects.filter(stopped=True).exists()
    models.Account.objects.update(shop=house.shop)
    house.live(13 * 3600, step=1800)
    assert house.shop_orders() == [order["order_id"]]
    assert accounts.get(AccountId(house.account_id)).shop_id == house.shop.pk
