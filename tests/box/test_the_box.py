"""The box is never kinder than Amazon, and its answers have the published shapes."""

from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from forain_box import Box
from tests.box.client import FR, US, Client, quantity

SEARCH = "orders/2026-01-01/orders?lastUpdatedAfter=2026-02-01T00:00:00Z&includedData=BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,PACKAGES"


def test_every_answer_has_the_published_shape(client):
    client.buy(pending_seconds=10)
    client.buy()
    client.advance(300)
    order = client.api("GET", SEARCH)[1]["orders"][0]["orderId"]

    for shape, (status, body) in {
        "sellers/v1/marketplaceParticipations": client.api("GET", "sellers/v1/marketplaceParticipations"),
        "sellers/v1/account": client.api("GET", "sellers/v1/account"),
        "listings/get": client.item(),
        "listings/search": client.api(
            "GET", f"listings/2021-08-01/items/SELLER1?marketplaceIds={FR}&includedData=summaries,offers,issues"
        ),
        "listings/patch": client.patch([quantity(3)]),
        "orders/search": client.api("GET", SEARCH),
        "orders/get": client.api(
            "GET", f"orders/2026-01-01/orders/{order}?includedData=PROCEEDS,FULFILLMENT,RECIPIENT,BUYER"
        ),
        "catalog": client.api(
            "GET", f"catalog/2022-04-01/items?marketplaceIds={FR}&identifiers=2000000000015&identifiersType=EAN"
        ),
    }.items():
        assert status == 200, (shape, body)


def test_an_accepted_write_is_not_applied_yet(client):
    assert client.patch([quantity(9)])[1]["status"] == "ACCEPTED"
    assert client.item()[1]["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 5}]

    client.advance(5)

    assert client.item()[1]["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 9}]


@pytest.mark.parametrize(("op", "days"), [("merge", 4), ("replace", None)])
def test_replace_erases_the_handling_time_and_merge_keeps_it(client, op, days):
    client.patch([quantity(9, op)])
    client.advance(5)

    (entry,) = client.item()[1]["attributes"]["fulfillment_availability"]
    assert entry.get("lead_time_to_ship_max_days") == days


def test_a_write_to_an_unknown_sku_is_accepted_and_makes_an_incomplete_listing(client):
    assert client.patch([quantity(1)], sku="NOBODY")[1]["status"] == "ACCEPTED"
    client.advance(5)

    item = client.item("NOBODY")[1]
    assert item["summaries"] == []
    assert item["issues"]


def test_a_default_quantity_on_an_fba_listing_opens_a_second_offer(client):
    client.put("BASKET", 8, fulfilled_by="AMAZON")
    client.patch([quantity(2)], sku="BASKET")
    client.advance(5)

    channels = {a["fulfillmentChannelCode"] for a in client.item("BASKET")[1]["fulfillmentAvailability"]}
    assert channels == {"AMAZON_EU", "DEFAULT"}


@pytest.mark.parametrize(
    "patches",
    [
        [quantity(-1)], [quantity("many")],
        [{"op": "merge", "path": "/attributes/purchasable_offer", "value": [{"marketplace_id": FR, "currency": "USD", "our_price": [{"schedule": [{"value_with_tax": 1}]}]}]}],
        [{"op": "merge", "path": "/attributes/purchasable_offer", "value": [{"marketplace_id": FR, "currency": "EUR", "our_price": [{"schedule": [{"value_with_tax": 0}]}]}]}],
        [{"op": "merge", "path": "/attributes/invented", "value": [{}]}],
    ],
)  # fmt: skip
def test_a_bad_value_is_invalid_inside_a_200(client, patches):
    status, body = client.patch(patches)

    assert (status, body["status"]) == (200, "INVALID")
    assert body["issues"][0]["severity"] == "ERROR"


def test_a_preview_saves_nothing(client):
    assert client.patch([quantity(9)], mode="VALIDATION_PREVIEW")[1]["status"] == "VALID"
    client.advance(60)

    assert client.item()[1]["fulfillmentAvailability"][0]["quantity"] == 5


def test_pending_takes_stock_and_shows_neither_price_nor_address(client):
    client.buy(quantity=2, pending_seconds=600)
    assert client.item()[1]["fulfillmentAvailability"][0]["quantity"] == 3
    client.advance(300)

    (order,) = client.api("GET", SEARCH)[1]["orders"]

    assert order["fulfillment"]["fulfillmentStatus"] == "PENDING"
    assert not {"proceeds", "recipient", "buyer"} & set(order)
    assert "proceeds" not in order["orderItems"][0]
    client.advance(600)
    assert client.api("GET", SEARCH)[1]["orders"][0]["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"


def test_a_list_ends_two_minutes_ago(client):
    client.buy()
    assert client.api("GET", SEARCH)[1]["orders"] == []
    client.advance(121)

    assert len(client.api("GET", SEARCH)[1]["orders"]) == 1
    assert client.api("GET", SEARCH + "&lastUpdatedBefore=2026-03-01T09:01:00Z")[0] == 400
    assert client.api("GET", "orders/2026-01-01/orders")[0] == 400


def test_a_page_token_wants_the_same_parameters_and_dies_after_a_day(client):
    client.put("SOAP", 50)
    for _ in range(3):
        client.buy()
    client.advance(300)
    page = client.api("GET", SEARCH + "&maxResultsPerPage=2")[1]
    token = quote(page["pagination"]["nextToken"])

    assert len(client.api("GET", SEARCH + f"&paginationToken={token}")[1]["orders"]) == 1
    assert client.api("GET", SEARCH.replace("2026-02-01", "2026-02-02") + f"&paginationToken={token}")[0] == 400
    client.advance(86400)
    client.token = client.login()[1]["access_token"]
    assert client.api("GET", SEARCH + f"&paginationToken={token}")[0] == 400


def test_buying_what_is_not_there_is_refused_with_the_reason(client):
    assert client.buy(quantity=6)[0] == 409
    assert client.buy(sku="NOBODY")[0] == 404


def confirmation(client, order, **changes):
    items = client.api("GET", f"orders/2026-01-01/orders/{order}")[1]["order"]["orderItems"]
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "DHL",
        "trackingNumber": "T",
        "shipDate": "2026-03-01T09:10:00Z",
        "orderItems": [{"orderItemId": items[0]["orderItemId"], "quantity": 1}],
    }
    return client.api(
        "POST",
        f"orders/v0/orders/{order}/shipmentConfirmation",
        {"marketplaceId": FR, "packageDetail": detail | changes},
    )


def test_a_shipment_is_confirmed_and_shown_later(client):
    order = client.buy()[1]["order_id"]
    client.advance(900)

    assert confirmation(client, order)[0] == 204
    assert confirmation(client, order)[0] == 204
    status, body = confirmation(client, order, packageReferenceId="2")
    assert status == 400
    assert "PackageToUpdateNotFound" in body["errors"][0]["message"]
    client.advance(5)
    assert (
        client.api("GET", f"orders/2026-01-01/orders/{order}?includedData=FULFILLMENT")[1]["order"]["fulfillment"][
            "fulfillmentStatus"
        ]
        == "SHIPPED"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"packageReferenceId": 1},
        {"shipDate": "2026-04-01T00:00:00Z"},
        {"shipDate": "2026-02-01T00:00:00Z"},
        {"orderItems": []},
        {"carrierCode": "Other"},
    ],
)
def test_a_wrong_confirmation_is_refused(client, changes):
    order = client.buy()[1]["order_id"]
    client.advance(900)

    assert confirmation(client, order, **changes)[0] == 400


DETAILS = {
    "missing": "Access token is missing in the request header.",
    "bad": "The access token you provided is revoked, malformed or invalid.",
    "old": "The access token you provided has expired.",
    "secret": "The LWA secret token you provided has expired.",
    "region": "The marketplaces you provided are not valid for region.",
}


def refused(answer):
    status, body = answer
    assert status == 403
    assert body["errors"][0]["message"] == "Access to requested resource is denied."
    return body["errors"][0]["details"]


def test_the_refusals_of_the_interface_to_the_letter(client):
    path = "sellers/v1/marketplaceParticipations"
    assert refused(client.api("GET", path, token="")) == DETAILS["missing"]
    assert refused(client.api("GET", path, token="Atza|x")) == DETAILS["bad"]
    assert refused(client.api("GET", path, region="na")) == DETAILS["region"]
    assert refused(client.api("GET", f"listings/2021-08-01/items/SELLER1?marketplaceIds={US}")) == DETAILS["region"]
    assert refused(client.api("GET", "no/such/path")) == ""
    client.control("POST", "sellers/SELLER1/deactivate", {})
    assert refused(client.api("GET", path)) == ""
    client.control("POST", "sellers/SELLER1/reactivate", {})
    client.advance(3601)
    assert refused(client.api("GET", path)) == DETAILS["old"]
    client.advance(180 * 86400)
    status, fresh = client.login()
    assert status == 200
    assert refused(client.api("GET", path, token=fresh["access_token"])) == DETAILS["secret"]


def test_the_refusals_of_the_login_to_the_letter(client):
    told = "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
    assert (client.login(refresh_token="Atzr|x")[0], client.login(refresh_token="Atzr|x")[1]["error_description"]) == (
        400,
        told,
    )
    assert client.login(client_secret="x")[1]["error"] == "invalid_client"
    assert client.login(client_secret="x")[0] == 401
    assert client.login(grant_type="magic")[1]["error"] == "unsupported_grant_type"
    assert client.login(grant_type="")[1]["error"] == "invalid_request"
    assert client.login(grant_type="client_credentials", scope="x")[1]["error"] == "invalid_scope"
    assert (
        client.login(grant_type="authorization_code", code="x")[1]["error_description"]
        == "The request has an invalid grant parameter : code"
    )


def test_a_refresh_token_lives_a_year_is_not_rotated_and_survives_a_new_secret(client):
    assert client.login()[1]["refresh_token"] == client.refresh
    client.advance(170 * 86400)
    client.application = client.control("POST", f"applications/{client.application['application_id']}/rotate", {})[1]
    assert client.login()[0] == 200
    client.advance(194 * 86400)
    assert client.login()[0] == 200
    client.advance(2 * 86400)
    assert client.login()[1]["error"] == "invalid_grant"


def test_the_old_secret_works_seven_days_more(client):
    old = client.application["client_secret"]
    client.control("POST", f"applications/{client.application['application_id']}/rotate", {})
    assert client.login(client_secret=old)[0] == 200
    client.advance(7 * 86400 + 1)
    assert client.login(client_secret=old)[1]["error"] == "invalid_client"


def test_amazon_mails_weekly_in_the_last_month(client):
    client.advance(334 * 86400)
    assert client.control("GET", "mails")[1] == []
    for _ in range(31):
        client.advance(86400)
    assert len(client.control("GET", "mails")[1]) == 5


def consent(client, **changes):
    query = {
        "application_id": client.application["application_id"],
        "state": "st&1",
        "redirect_uri": "http://me/cb",
        "seller_id": "SELLER1",
    } | changes
    return f"/seller-central/eu/apps/authorize/consent?{urlencode(query)}"


def test_the_consent_page_gives_a_code_that_works_once(client):
    shown = client.ask("GET", consent(client))
    assert shown.status == 200
    assert b"Confirm" in shown.body
    answer = client.ask(
        "POST", consent(client), b"decision=confirm", {"content-type": "application/x-www-form-urlencoded"}
    )
    back = {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    assert (answer.status, back["state"], back["selling_partner_id"]) == (302, "st&1", "SELLER1")
    fields = {"grant_type": "authorization_code", "code": back["spapi_oauth_code"], "redirect_uri": "http://me/cb"}
    assert client.login(**fields)[0] == 200
    assert client.login(**fields)[0] == 400


def test_a_code_is_too_old_after_five_minutes_and_bound_to_its_redirect(client):
    for wait, redirect in ((301, "http://me/cb"), (1, "http://me/other")):
        answer = client.ask("POST", consent(client), b"decision=confirm", {})
        code = parse_qs(urlsplit(answer.headers["location"]).query)["spapi_oauth_code"][0]
        client.advance(wait)
        assert client.login(grant_type="authorization_code", code=code, redirect_uri=redirect)[0] == 400


def test_cancel_calls_nobody_back(client):
    answer = client.ask("POST", consent(client), b"decision=cancel", {})

    assert (answer.status, "location" in answer.headers) == (200, False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": "http://evil/cb"}, b"MD5101"),
        ({"redirect_uri": "http://me/cb#x"}, b"MD5110"),
        ({"application_id": "x"}, b"no such application"),
    ],
)
def test_the_consent_pages_errors(client, changes, code):
    answer = client.ask("GET", consent(client, **changes))

    assert answer.status == 400
    assert code in answer.body


def test_a_draft_needs_its_beta_and_an_application_without_addresses_is_refused(client):
    draft = {"kind": "public", "redirect_uris": ["http://me/cb"], "draft": True}
    bare = {"kind": "public", "redirect_uris": []}
    draft, bare = (client.control("POST", "applications", told)[1]["application_id"] for told in (draft, bare))

    assert b"MD1000" in client.ask("GET", consent(client, application_id=draft)).body
    assert client.ask("GET", consent(client, application_id=draft, version="beta")).status == 200
    assert b"MD9100" in client.ask("GET", consent(client, application_id=bare, redirect_uri="")).body


def test_a_renewal_that_starts_at_amazon(client):
    body = urlencode(
        {"seller_id": "SELLER1", "application_id": client.application["application_id"], "action": "reauthorize"}
    ).encode()
    away = client.ask("POST", "/seller-central/eu/apps/manage", body, {"host": "127.0.0.1:1"})
    asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert away.headers["location"].startswith("http://me/login?")
    back = client.ask(
        "GET",
        f"/seller-central/eu/apps/authorize/return?{urlencode({'amazon_state': asked['amazon_state'][0], 'state': 'mine', 'redirect_uri': 'http://me/cb'})}",
    )
    done = client.ask("POST", back.headers["location"], b"decision=confirm", {})

    assert "state=mine" in done.headers["location"]
    assert "spapi_oauth_code" in done.headers["location"]


def test_too_fast_is_429_without_advice(client):
    codes = [client.api("GET", "sellers/v1/marketplaceParticipations")[0] for _ in range(17)]
    assert codes == [200] * 15 + [429] * 2
    client.advance(63)
    assert client.api("GET", "sellers/v1/marketplaceParticipations")[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "clock", {"advance_seconds": "soon"}, 400), ("POST", "clock", {"advance_seconds": -1}, 400),
        ("POST", "sellers", {"region": "mars"}, 400), ("POST", "listings", [3], 400), ("POST", "orders", {}, 400),
        ("POST", "faults", {"kind": "flood"}, 400), ("GET", "nothing", None, 404), ("POST", "applications", {"kind": "secret"}, 400),
        ("POST", "catalogue", {}, 400),
    ],
)  # fmt: skip
def test_a_wrong_control_is_refused_with_a_sentence(client, method, path, body, status):
    code, told = client.control(method, path, body)

    assert code == status
    assert len(told["error"]) > 10


def test_the_same_seed_and_calls_give_the_same_world():
    def world():
        client = Client()
        client.buy()
        client.advance(300)
        return client.control("GET", "state")[1], client.api("GET", SEARCH)[1]

    assert world() == world()


def test_the_pages_speak_three_languages_and_escape(client):
    client.control("POST", "applications", {"name": "<script>alert(1)</script>", "kind": "private"})
    for language, words in (("en", "Market in a box"), ("fr", "Le marché en boîte"), ("de", "Markt in der Schachtel")):
        page = client.ask("GET", f"/box/?lang={language}").body.decode()
        assert words in page
        assert "<script>alert" not in page


def test_the_small_world_is_furnished():
    from forain_box import small_world

    box = Box(seed=1, clock="manual")
    small_world.furnish(box.world)

    assert set(box.world.state.sellers) == {"A1BOXSELLEREU", "A1BOXSELLERNA", "A1BOXSELLERFE"}
    assert sum(len(shelf) for shelf in box.world.state.listings.values()) == 24
