"""A role is missing: what its place is taken by, what runs meanwhile, and that each order comes in once when it is granted."""

import json
from datetime import date, timedelta

import pytest

from forain import wiring
from forain.core.errors import AdapterError, Rejected
from forain.core.ids import ApplicationId
from forain.core.registration import RoleState, Said, StepState
from forain.core.secret import Secret
from forain.flows import authorize, register, setup
from forain.store import models, orders
from tests.flows.conftest import FR
from tests.flows.test_confirmed_by_hand import confirmed_in_seller_central
from tests.people import come_in

ADDRESSES, TRACKING, LISTING = "Direct-to-Consumer Shipping", "Inventory and Order Tracking", "Product Listing"
ALL = [LISTING, TRACKING, ADDRESSES, "Selling Partner Insights", "Pricing", "Tax Invoicing"]
PUBLIC_BOX = {"address.token": "http://box/auth/o2/token", "address.api": "http://box/eu"}


def set_roles(house, *without):
    roles = [role for role in ALL if role not in without]
    house.control("POST", f"applications/{house.application['application_id']}/roles", {"roles": roles})


def authorize_again(house):
    """As the merchant does: Authorize at Amazon, and the new token is entered."""
    told = house.control(
        "POST", f"sellers/{house.seller}/authorize", {"application_id": house.application["application_id"]}
    )
    authorize.enter_token(house.deps, house.account, Secret(told["refresh_token"]), house.deps.clock.now())


def today(house):
    return house.deps.clock.now().date()


def number(house):
    return ApplicationId(house.account.application_id)


def say(house, said, *codes, day=None):
    register.say_roles(house.deps, "amazon", number(house), codes, said, day or today(house), today(house), "camille")


def look(house):
    return register.look(house.deps, "amazon", number(house))


def states(house):
    return {one.role.code: one.state for one in look(house).roles}


def notice(code):
    return models.Notice.objects.get(code=code, closed_at=None)


def in_shop(house):
    """Order id -> the name on the parcel, of every file the shop was given."""
    found = {}
    for file in (house.folder / "orders").glob("*/*.json"):
        assert file.stem not in found
        found[file.stem] = json.loads(file.read_text())["ship_to"]["name"]
    return found


@pytest.fixture
def without_addresses(make_house):
    house = make_house()
    set_roles(house, ADDRESSES)
    house.live(60)
    return house


@pytest.fixture
def pages(without_addresses, client, monkeypatch):
    """The pages of this house, for an owner; its account is at no box as far as they know."""
    monkeypatch.setattr(wiring, "deps", lambda: without_addresses.deps)
    models.Account.objects.update(options=PUBLIC_BOX)
    return come_in(client)


def test_stock_and_prices_run_and_orders_are_held_by_the_roles_name_and_not_in_the_shop(without_addresses):
    house = without_addresses
    bought = [house.buy("SOAP"), house.buy("OIL", 2)]
    house.change("SOAP", "7.40", 30)

    house.live(900, step=20)

    assert house.quantity("SOAP") == 29
    assert house.amazon("SOAP")["prices"] == {FR: "7.40"}
    assert in_shop(house) == {}
    held = models.Order.objects.filter(state="held", hold_reason="address_missing")
    assert sorted(held.values_list("order_id", flat=True)) == sorted(one["order_id"] for one in bought)
    assert house.refused_codes() == {"order_held"}
    assert notice("order_held").placeholders["reason"] == "address_missing"
    assert states(house)["addresses"] is RoleState.MISSING
    assert states(house)["orders"] is states(house)["listing"] is RoleState.WORKS


def test_the_list_has_each_order_with_its_ship_by_date_and_its_page_at_amazon(without_addresses, pages):
    house = without_addresses
    bought = [house.buy("SOAP")["order_id"], house.buy("OIL")["order_id"]]
    house.live(600, step=20)

    page = pages.get(f"/accounts/{house.account_id}/by-hand", headers={"accept-language": "en"}).content.decode()

    for order in bought:
        assert f'href="https://sellercentral-europe.amazon.com/orders-v3/order/{order}"' in page
        body = orders.body_of(models.Order.objects.get(order_id=order), house.deps.vault)
        assert body.ship_by is not None
        assert body.ship_to is None
    assert page.count("not in your shop</small>") == 2
    assert (
        "Amazon gives no address of 2\N{NO-BREAK SPACE}orders: the role Direct-to-Consumer Shipping is missing." in page
    )
    assert "Forain does this by itself" not in page


def test_what_was_asked_for_is_said_as_waiting_with_its_day_and_never_as_an_error(without_addresses, pages):
    house = without_addresses
    house.buy("SOAP")
    asked = today(house) - timedelta(days=9)
    say(house, Said.ASKED, "addresses", "tax", day=asked)

    house.live(600, step=20)

    told = notice("order_held").placeholders
    assert (told["cause"], told["date"]) == ("asked", asked.isoformat())
    way = f"/accounts/{house.account_id}/register"
    page = pages.get(way, headers={"accept-language": "en"}).content.decode()
    assert "Waiting for Amazon" in page
    assert (
        "Direct-to-Consumer Shipping: asked for on 20\N{NO-BREAK SPACE}Feb\N{NO-BREAK SPACE}2026, 9\N{NO-BREAK SPACE}days ago."
        in page
    )
    assert "Stock and prices run as far as Amazon lets." in page
    assert "1\N{NO-BREAK SPACE}order waits for its address" in page
    issues = pages.get("/issues", headers={"accept-language": "en"}).content.decode()
    assert "1\N{NO-BREAK SPACE}order waits for Amazon: Amazon gave no address" in issues
    assert f'href="/accounts/{house.account_id}/by-hand"' in issues
    assert "Waiting for Amazon" in pages.get(f"/accounts/{house.account_id}").content.decode()


@pytest.mark.parametrize("count", [3, 25])
def test_when_the_role_is_granted_each_order_comes_in_once_with_its_address(make_house, count):
    house = make_house({"SOAP": ("6.90", 60)})
    set_roles(house, ADDRESSES)
    house.live(60)
    say(house, Said.ASKED, "addresses")
    bought = sorted(house.buy("SOAP")["order_id"] for _ in range(count))
    house.live(600, step=20)
    assert in_shop(house) == {}

    set_roles(house)
    house.live(600, step=20)
    assert house.account.standing == "refused"
    assert "authorization_revoked" in house.refused_codes()
    authorize_again(house)
    house.live(900, step=20)

    names = in_shop(house)
    assert sorted(names) == bought
    assert all(names.values())
    house.live(7200, step=120)
    assert in_shop(house) == names
    assert house.refused_codes() & {"order_held", "role_missing", "authorization_revoked", "orders_missing"} == set()
    assert states(house)["addresses"] is RoleState.WORKS
    assert models.Registration.objects.get().roles == {}
    assert house.journal().count("role_works") == 1
    assert house.quantity("SOAP") == 60 - count


def test_what_was_shipped_by_hand_while_waiting_is_not_shipped_again_by_itself(without_addresses):
    house = without_addresses
    say(house, Said.ASKED, "addresses")
    by_hand, later = house.buy("SOAP")["order_id"], house.buy("OIL")["order_id"]
    house.live(600, step=20)
    confirmed_in_seller_central(house, by_hand, "T-1", "1")
    house.live(600, step=20)

    set_roles(house)
    house.live(600, step=20)
    authorize_again(house)
    house.live(900, step=20)

    assert list(in_shop(house)) == [later]
    assert models.Order.objects.get(order_id=by_hand).hold_reason == "already_shipped"


def test_an_ended_authorization_is_told_as_what_it_is_while_a_role_is_waited_for(without_addresses, pages):
    house = without_addresses
    say(house, Said.ASKED, "addresses")
    set_roles(house)
    house.live(600, step=20)

    page = pages.get(f"/accounts/{house.account_id}/register", headers={"accept-language": "en"}).content.decode()

    assert "That is what happens when a role is added" in page
    assert "Stock and prices run" not in page


class NoBuyers:
    """An Amazon that refuses every question with the buyers' data in it, while it is `refusing`."""

    def __init__(self, box):
        self.box = box
        self.refusing = True
        box.buyers = self

    def __call__(self, environ, start_response):
        if self.refusing and "/orders" in environ["PATH_INFO"] and "BUYER" in environ["QUERY_STRING"]:
            start_response("403 Forbidden", [("content-type", "application/json")])
            return [
                b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
            ]
        return self.box.wsgi(environ, start_response)


def test_an_amazon_that_refuses_the_question_instead_of_leaving_the_buyer_out_is_waited_for_alike(make_house):
    house = make_house(transport=NoBuyers)
    house.live(60)
    say(house, Said.ASKED, "addresses")
    bought = house.buy("SOAP")["order_id"]
    house.live(3600, step=60)
    row = models.Order.objects.get(order_id=bought)
    assert (row.hold_reason, row.in_part, in_shop(house)) == ("address_missing", True, {})
    assert "role_missing" not in house.refused_codes()

    house.box.buyers.refusing = False
    authorize_again(house)
    house.live(900, step=20)

    assert list(in_shop(house)) == [bought]


def test_where_orders_may_not_be_read_the_role_is_named_and_the_page_leads_to_them(without_addresses, pages):
    house = without_addresses
    set_roles(house, TRACKING, ADDRESSES)
    house.change("SOAP", "7.40")
    house.live(900, step=20)

    assert house.amazon("SOAP")["prices"] == {FR: "7.40"}
    assert {n.placeholders["role"] for n in models.Notice.objects.filter(code="role_missing", closed_at=None)} == {
        TRACKING
    }
    assert "internal" not in house.refused_codes()
    assert states(house)["orders"] is RoleState.MISSING
    for path in ("register", "by-hand"):
        page = pages.get(f"/accounts/{house.account_id}/{path}", headers={"accept-language": "en"}).content.decode()
        assert f"Amazon denies reading orders: the role {TRACKING} is missing." in page
        assert 'href="https://sellercentral-europe.amazon.com/orders-v3"' in page


@pytest.mark.parametrize(
    ("said", "words"),
    [(Said.ASKED, "Waiting for Amazon: the role"), (Said.REFUSED, "Amazon refused the role"), (Said.GRANTED, "is not in the token yet")],
)  # fmt: skip
def test_a_denied_operation_says_how_far_its_role_is(without_addresses, pages, said, words):
    house = without_addresses
    set_roles(house, TRACKING, ADDRESSES)
    house.live(300, step=20)

    say(house, said, "orders")
    house.live(60, step=20)

    page = pages.get("/issues", headers={"accept-language": "en"}).content.decode()
    assert words in page


def test_what_amazon_refused_is_told_with_what_to_do(without_addresses, pages):
    say(without_addresses, Said.REFUSED, "addresses")

    page = pages.get(f"/accounts/{without_addresses.account_id}/register", headers={"accept-language": "en"})

    assert "Direct-to-Consumer Shipping: refused on" in page.content.decode()
    assert "Amazon names the point it does not accept" in page.content.decode()


def test_a_role_that_works_works_whatever_is_said_of_it(without_addresses):
    house = without_addresses
    say(house, Said.REFUSED, "orders", "listing")

    assert states(house)["orders"] is states(house)["listing"] is RoleState.WORKS
    house.live(60)
    assert models.Registration.objects.get().roles == {}


def test_a_role_nothing_shows_stands_as_it_was_said(without_addresses):
    say(without_addresses, Said.GRANTED, "pricing", "tax")

    assert states(without_addresses)["pricing"] is states(without_addresses)["tax"] is RoleState.GRANTED
    without_addresses.live(60)
    assert set(models.Registration.objects.get().roles) == {"pricing", "tax"}


def test_the_same_said_twice_is_in_the_journal_once_and_can_be_taken_back(without_addresses):
    house = without_addresses
    say(house, Said.ASKED, "addresses")
    say(house, Said.ASKED, "addresses")
    assert house.journal().count("role_asked") == 1

    say(house, None, "addresses")
    say(house, None, "addresses")

    assert house.journal().count("role_unsaid") == 1
    assert models.Registration.objects.get().roles == {}


@pytest.mark.parametrize(
    ("codes", "day", "refused"),
    [
        (["nonsense"], 0, "role_unknown"), (["addresses", "nonsense"], 0, "role_unknown"), ([], 0, "role_none"),
        (["addresses"], 1, "date_future"), (["addresses"], -5000, "date_long_ago"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_kept(make_house, codes, day, refused):
    house = make_house(connect=False)

    with pytest.raises(Rejected) as error:
        say(house, Said.ASKED, *codes, day=today(house) + timedelta(days=day))

    assert error.value.code == refused
    assert not models.Registration.objects.exclude(roles={}).exists()


def test_steps_tick_themselves_and_cannot_be_lied_about(make_house):
    house = make_house(connect=False)
    steps = {one.step.code: one for one in look(house).steps}
    assert (steps["client"].state, steps["client"].may_say) == (StepState.SEEN, False)
    assert steps["token"].state is steps["proven"].state is StepState.OPEN

    for code, refused in (
        ("token", "step_seen"),
        ("proven", "step_seen"),
        ("client", "step_seen"),
        ("x", "step_unknown"),
    ):
        with pytest.raises(Rejected) as error:
            register.say_step(house.deps, "amazon", number(house), code, True, "camille")
        assert error.value.code == refused

    authorize_again(house)
    house.live(120)
    steps = {one.step.code: one.state for one in look(house).steps}
    assert steps["plan"] is steps["token"] is StepState.SEEN
    house.buy("SOAP")
    house.live(600, step=20)
    assert {one.step.code: one.state for one in look(house).steps}["proven"] is StepState.SEEN


def test_the_way_goes_on_where_it_was_left_and_belongs_to_the_application_that_comes_of_it(make_house):
    house = make_house(connect=False)
    deps = house.deps
    register.say_step(deps, "amazon", None, "plan", True, "camille")
    register.say_roles(deps, "amazon", None, ["addresses"], Said.ASKED, date(2026, 2, 20), today(house), "camille")
    under_way = register.look(deps, "amazon", None)
    assert under_way.following == "profile"
    assert under_way.role("addresses").state is RoleState.ASKED

    house.account_id = setup.add_account(house.deps, told(house, granted(house))).pk

    assert look(house).role("addresses").since == date(2026, 2, 20)
    assert register.look(deps, "amazon", None).role("addresses").state is RoleState.OPEN
    assert models.Registration.objects.count() == 1


def granted(house, application=None):
    number = (application or house.application)["application_id"]
    return house.control("POST", f"sellers/{house.seller}/authorize", {"application_id": number})["refresh_token"]


def told(house, token, application=None, kind="private", seller=None):
    application = application or house.application
    values = {"client_id": application["client_id"], "client_secret": application["client_secret"], "region": "EU",
              "seller_id": seller or house.seller, "refresh_token": token, "application_id": application["application_id"]}  # fmt: skip
    return setup.NewAccount("amazon", kind, "", values, PUBLIC_BOX)


def under_way(house):
    return register.look(house.deps, "amazon", None).role("addresses").state


def ask_on_the_way(house):
    register.say_roles(
        house.deps, "amazon", None, ["addresses"], Said.ASKED, date(2026, 2, 20), today(house), "camille"
    )


def test_a_public_application_is_not_what_the_way_led_to(make_house):
    house = make_house(connect=False)
    ask_on_the_way(house)
    application = house.control("POST", "applications", {"name": "Public", "kind": "public", "roles": ALL})

    setup.add_account(house.deps, told(house, "", application, kind="public"))

    assert under_way(house) is RoleState.ASKED
    assert models.Registration.objects.get().application is None


def test_another_account_of_an_application_that_was_there_is_not_what_the_way_led_to(make_house):
    house = make_house()
    ask_on_the_way(house)
    house.control("POST", "sellers", {"seller_id": "A2OTHERSELLER", "region": "eu", "marketplace_ids": [FR]})
    number = house.application["application_id"]
    token = house.control("POST", "sellers/A2OTHERSELLER/authorize", {"application_id": number})["refresh_token"]

    setup.add_account(house.deps, told(house, token, seller="A2OTHERSELLER"))

    assert models.Account.objects.count() == 2
    assert under_way(house) is RoleState.ASKED
    assert states(house)["addresses"] is not RoleState.ASKED


def test_a_token_that_does_not_work_leaves_the_way_as_it_was(make_house):
    house = make_house(connect=False)
    ask_on_the_way(house)
    application = house.control("POST", "applications", {"name": "Mine", "kind": "private", "roles": ALL})

    with pytest.raises(AdapterError):
        setup.add_account(house.deps, told(house, "Atzr|wrong", application))

    assert under_way(house) is RoleState.ASKED
    assert models.Registration.objects.get().application is None


def test_a_crash_while_connecting_loses_nothing_of_the_way_whichever_application_is_typed_next(make_house):
    house = make_house(connect=False)
    models.Account.objects.all().delete()
    ask_on_the_way(house)
    wrong, right = (
        house.control("POST", "applications", {"name": name, "kind": "private", "roles": ALL}) for name in ("A", "B")
    )
    # Without a token the account stands as it does when the process dies while the token is tried.
    setup.add_account(house.deps, told(house, "", wrong))
    assert models.Registration.objects.get().application.client_id == wrong["client_id"]

    house.account_id = setup.add_account(house.deps, told(house, granted(house, right), right)).pk

    assert models.Registration.objects.get().application.client_id == right["client_id"]
    assert look(house).role("addresses").since == date(2026, 2, 20)
