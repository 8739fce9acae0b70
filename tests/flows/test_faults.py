"""Misfortunes: one bad item never stops the others, nothing is lost, nothing doubled, and the page says why."""

import threading
from dataclasses import replace

import pytest
from django.db import connections
from django.db.models import F

from forain.core import errors
from forain.core.errors import Unreachable
from forain.core.ids import AccountId, SellerSku, VariantId
from forain.core.secret import Secret
from forain.engine import jobs, schedule
from forain.flows import authorize, link_offers, setup
from forain.flows.mirror_catalogue import mirror_catalogue
from forain.store import accounts, models, runs

FR = "A13V1IB3VIYZZH"


def settled() -> bool:
    return not models.Offer.objects.filter(wanted_no__gt=F("settled_no")).exists()


@pytest.mark.parametrize(
    "kind", ["status-500", "html-503", "truncated", "throttle", "cut-after-write", "unknown-enum", "cut"]
)
@pytest.mark.parametrize(
    "operation", ["patchListingsItem", "searchListingsItems", "searchOrders", "token", "getMarketplaceParticipations"]
)
def test_an_ill_amazon_costs_time_and_never_truth(make_house, kind, operation):
    house = make_house()
    house.control("POST", "faults", {"kind": kind, "operation": operation, "count": 4})
    order = house.buy("OIL")

    house.live(600, step=20)
    house.control("DELETE", "faults")
    house.live(3000, step=60)

    assert house.shop_orders() == [order["order_id"]]
    assert (house.quantity("SOAP"), house.quantity("OIL")) == (12, 4)
    assert settled()
    assert house.account.standing == "granted"


def test_a_price_and_a_quantity_that_are_wrong_are_held_and_the_others_go_on(make_house):
    house = make_house({"SOAP": ("6.90", 12), "OIL": ("14.50", 5), "SALT": ("5.60", 7)})
    house.live(60)
    text = (house.folder / "catalogue.csv").read_text()
    (house.folder / "catalogue.csv").write_text(
        text.replace("6.90,EUR,20,12", '"6,90",EUR,20,3')
        .replace("14.50,EUR,20,5", "14.50,EUR,20,-5")
        .replace(",7\n", ",6\n")
    )

    house.live(90)

    assert house.amazon("SOAP")["prices"] == {FR: "6.90"}
    assert house.quantity("SOAP") == 3
    assert house.quantity("OIL") == 5
    assert house.quantity("SALT") == 6
    assert {"offer_held", "catalogue_problem"} <= house.refused_codes()


def test_what_is_only_on_one_side_is_listed_and_nothing_is_written_for_it(make_house):
    house = make_house(
        {"SOAP": ("6.90", 12), "ONLY-SHOP": ("1.00", 3)}, on_amazon={"SOAP": ("9.99", 1), "ONLY-AMAZON": ("8.00", 2)}
    )

    house.live(60)

    shelf = {x["sku"]: x for x in house.control("GET", "state")["listings"]}
    assert set(shelf) == {"SOAP", "ONLY-AMAZON"}
    assert shelf["ONLY-AMAZON"]["availability"] == {"DEFAULT": 2}
    assert models.Offer.objects.get(sku="ONLY-AMAZON").notes == ["unlinked"]


def test_a_read_only_site_is_compared_and_never_written(make_house):
    house = make_house(allow=False)

    house.live(120)

    assert house.quantity("SOAP") == 1
    offer = models.Offer.objects.get(sku="SOAP")
    assert (offer.desired_quantity, offer.observed_quantity) == (12, 1)
    assert not [r for r in house.control("GET", "requests") if r["method"] == "PATCH"]
    assert "site_read_only" in house.refused_codes()


def test_an_offer_fulfilled_by_amazon_never_gets_a_quantity(make_house):
    house = make_house()
    house.control(
        "POST",
        "listings",
        [
            {
                "seller_id": house.seller,
                "sku": "SALT",
                "marketplace_id": FR,
                "quantity": 50,
                "fulfilled_by": "AMAZON",
                "price": {"amount": "7.00", "currency": "EUR"},
            }
        ],
    )
    house.change("SALT", "5.60", 9)
    house.advance(90000)

    house.live(120)

    assert house.amazon("SALT")["availability"] == {"AMAZON_EU": None}
    assert house.amazon("SALT")["prices"] == {FR: "5.60"}
    assert "fulfilled_by_marketplace" in models.Offer.objects.get(sku="SALT").notes


def test_an_order_fulfilled_by_amazon_is_recorded_and_no_work_for_the_shop(make_house):
    house = make_house()
    house.live(60)
    house.buy("SOAP", fulfilled_by="AMAZON")
    mine = house.buy("OIL")

    house.live(600, step=30)

    assert house.shop_orders() == [mine["order_id"]]
    assert sorted(models.Order.objects.values_list("state", flat=True)) == ["created", "recorded"]


def test_an_unknown_sku_holds_that_order_only_and_goes_through_once_linked(make_house):
    house = make_house(
        {"SOAP": ("6.90", 12), "OIL": ("14.50", 5)}, on_amazon={"SOAP": ("6.90", 12), "OIL-50": ("14.50", 5)}
    )
    house.live(60)
    held, good = house.buy("OIL-50"), house.buy("SOAP")
    house.live(600, step=30)
    assert house.shop_orders() == [good["order_id"]]
    assert models.Order.objects.get(order_id=held["order_id"]).hold_reason == "unknown_sku"
    assert "order_held" in house.refused_codes()

    link_offers.decide(house.deps, house.account, SellerSku("OIL-50"), VariantId("OIL"), same=True, by="me")
    house.live(120)

    assert house.shop_orders() == sorted([held["order_id"], good["order_id"]])
    assert house.quantity("OIL-50") == 4
    assert "order_held" not in house.refused_codes()


def test_a_pending_order_waits_counts_as_sold_and_then_comes(make_house):
    house = make_house()
    house.live(60)
    order = house.buy("SOAP", 2, pending_seconds=3600)
    house.live(600, step=30)
    assert house.shop_orders() == []
    assert models.Order.objects.get().hold_reason == "pending"
    assert house.quantity("SOAP") == 10

    house.live(4000, step=100)

    assert house.shop_orders() == [order["order_id"]]
    assert house.quantity("SOAP") == 10


def test_an_order_cancelled_at_amazon_is_cancelled_in_the_shop_and_its_stock_returns(make_house):
    house = make_house()
    house.live(60)
    order = house.buy("SOAP", 2)
    house.live(600, step=30)
    house.control("POST", f"orders/{order['order_id']}/cancel", {})

    house.live(900, step=30)

    assert [p.name for p in (house.folder / "orders/cancelled").iterdir()] == [f"{order['order_id']}.json"]
    assert house.quantity("SOAP") == 12
    assert models.Order.objects.get().state == "cancelled"


def test_an_order_with_an_unknown_word_in_it_is_kept_and_read_again(make_house):
    house = make_house()
    house.live(60)
    order = house.buy("SOAP")
    house.control("POST", "faults", {"kind": "unknown-enum", "operation": "searchOrders"})
    house.control("POST", "faults", {"kind": "unknown-enum", "operation": "getOrder"})
    house.live(600, step=30)
    assert models.Order.objects.get().hold_reason == "unreadable"
    house.control("DELETE", "faults")

    house.live(600, step=30)

    assert house.shop_orders() == [order["order_id"]]


def test_two_workers_at_once_bring_an_order_once(make_house):
    house = make_house()
    house.live(60)
    orders = [house.buy("SOAP")["order_id"] for _ in range(4)]
    house.advance(300)
    failures = []

    def work():
        try:
            for _ in range(3):
                for flow in ("import_orders", "reconcile_offers", "observe_offers"):
                    schedule.FLOWS[flow].run(house.deps, house.account)
        except errors.Throttled:
            pass
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    house.live(600, step=30)

    assert failures == []
    assert house.shop_orders() == sorted(orders)
    assert house.journal().count("order_created") == 4
    assert house.quantity("SOAP") == 8


def test_access_withdrawn_at_amazon_stops_everything_and_is_named(make_house):
    house = make_house()
    house.live(60)
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    house.advance(3700)
    house.live(300, step=20)
    assert "authorization_revoked" in house.refused_codes()
    reads = len(house.control("GET", "requests"))

    house.change("SOAP", stock=3)
    house.live(1200, step=60)

    later = [r["operation"] for r in house.control("GET", "requests")[reads:]]
    assert set(later) <= {"token"}
    assert house.quantity("SOAP") == 12


def test_a_deactivated_account_is_doubted_first_and_comes_back_by_itself(make_house):
    house = make_house()
    house.live(60)
    house.control("POST", f"sellers/{house.seller}/deactivate", {})
    house.live(30)
    schedule.FLOWS["probe"].run(house.deps, house.account)
    assert house.account.standing == "doubted"
    house.control("POST", f"sellers/{house.seller}/reactivate", {})

    house.change("SOAP", stock=9)
    house.live(600, step=20)

    assert house.account.standing == "granted"
    assert house.quantity("SOAP") == 9


def test_an_expired_client_secret_is_the_applications_fault_and_a_new_one_mends_it(make_house):
    house = make_house()
    house.live(60)
    house.advance(181 * 86400)
    house.live(120)
    assert house.account.standing == "granted"
    assert "application_refused" in house.refused_codes()

    house.change("SOAP", stock=2)
    house.rotate()
    house.live(600, step=20)

    assert house.quantity("SOAP") == 2
    assert "application_refused" not in house.refused_codes()


def test_the_individual_plan_is_said_when_it_changes(make_house):
    house = make_house()
    house.live(60)
    house.control("POST", f"sellers/{house.seller}/plan", {"professional": False})
    house.advance(7 * 3600)

    house.live(120)

    assert "plan_individual" in house.refused_codes()


def new_account(house, **changes):
    application = house.control("POST", "applications", {"name": "Mine", "kind": "private"})
    house.control("POST", "sellers", {"seller_id": "A2OTHERSELLER", "region": "eu", "marketplace_ids": [FR]})
    token = house.control("POST", "sellers/A2OTHERSELLER/authorize", {"application_id": application["application_id"]})
    values = {
        "client_id": application["client_id"],
        "client_secret": application["client_secret"],
        "region": "EU",
        "seller_id": "A2OTHERSELLER",
        "refresh_token": token["refresh_token"],
    } | changes
    addresses = {"address.token": "http://box/auth/o2/token", "address.api": "http://box/eu"}
    return setup.add_account(house.deps, setup.NewAccount("amazon", "private", "Second", values, addresses))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "amzn1.application-oa2-client.wrong"}, "invalid_client"),
        ({"client_secret": "amzn1.oa2-cs.v1.wrongwrongwrongwrong"}, "invalid_client"),
        ({"refresh_token": "Atzr|wrong"}, "invalid_grant_refresh"),
        ({"seller_id": "A1WRONGSELLER"}, "seller_does_not_fit"),
    ],
)
def test_wrong_credentials_are_refused_with_a_code_that_has_words_and_nothing_is_kept(make_house, changes, code):
    from forain.web import words

    house = make_house()
    before = models.Account.objects.count(), models.Application.objects.count(), models.VaultEntry.objects.count()

    with pytest.raises(errors.AdapterError) as refused:
        new_account(house, **changes)

    assert refused.value.code == code
    assert words.has(f"error.{code}")
    assert (
        models.Account.objects.count(),
        models.Application.objects.count(),
        models.VaultEntry.objects.count(),
    ) == before


def test_a_second_account_connects_and_starts_read_only(make_house):
    house = make_house()

    account = new_account(house)

    assert account.standing == "granted"
    assert [site.writes_allowed_at for site in accounts.sites(AccountId(account.pk))] == [None]


def test_a_token_that_is_refused_leaves_the_stored_one_in_force(make_house):
    house = make_house()

    with pytest.raises(errors.GrantRefused):
        authorize.enter_token(house.deps, house.account, Secret("Atzr|nonsense"), None)
    house.live(60)

    assert house.quantity("SOAP") == 12


def test_a_bug_stops_its_own_line_and_nothing_else(make_house):
    class Broken:
        def __init__(self, box):
            self.box = box

        def __call__(self, environ, start_response):
            if "/orders/" in environ["PATH_INFO"]:
                raise ZeroDivisionError
            return self.box.wsgi(environ, start_response)

    house = make_house(transport=Broken)
    house.live(60)

    assert house.quantity("SOAP") == 12
    assert "internal" in house.refused_codes()
    assert runs.get("import_orders", f"account:{house.account_id}").stopped


def test_jobs_of_a_subject_that_is_gone_are_forgotten(make_house):
    house = make_house()
    runs.ensure("probe", "account:999", house.deps.clock.now())

    jobs.run(house.deps, "probe", "account:999")

    assert runs.get("probe", "account:999") is None


def test_a_reading_of_the_catalogue_that_breaks_off_loses_no_change(make_house):
    house = make_house({"SOAP": ("6.90", 12), "OIL": ("14.50", 5)})
    house.live(60)
    assert house.quantity("SOAP") == 12
    house.change("SOAP", stock=7)

    class BreaksOff:
        """The shop, which falls silent after its first page."""

        def __init__(self, shop):
            self.shop = shop

        def variants(self, cursor):
            if cursor is not None:
                raise Unreachable
            return replace(self.shop.variants(None), cursor="more")

    class Opener:
        def shop(self, row):
            return BreaksOff(house.deps.open.shop(row))

    with pytest.raises(Unreachable):
        mirror_catalogue(replace(house.deps, open=Opener()), house.shop)
    offer = models.Offer.objects.get(sku="SOAP")

    assert offer.wanted_no > offer.settled_no
    house.live(60)
    assert house.quantity("SOAP") == 7
