"""The probe, the selling plan, tokens, consent and both directions of renewal."""

from urllib.parse import parse_qs, urlsplit

import pytest

from forain.core import errors as e
from forain.marketplaces.amazon import exchange
from forain.marketplaces.amazon.sites import SITES
from forain.marketplaces.amazon.tests.parts import (
    FR,
    SELLERS,
    Wire,
    account,
    asked_as_published,
    denied,
    refusal,
    samples,
)  # fmt: skip

GB = "A1F83G8C2ARO7P"
TOKENS = {"access_token": "Atza|1", "refresh_token": "Atzr|2", "expires_in": 3600, "token_type": "bearer"}
CALLBACK = {"spapi_oauth_code": "RHexample", "selling_partner_id": "SELLER", "state": "s"}
REDIRECT = "https://me.example/amazon/callback"


def entry(site=FR, **more):
    return {
        "marketplace": {"id": site, "name": "Amazon", "countryCode": "FR", "defaultCurrencyCode": "EUR",
                        "defaultLanguageCode": "fr_FR", "domainName": "www.amazon.fr", **more},
        "storeName": "S", "participation": {"isParticipating": True, "hasSuspendedListings": False},
    }  # fmt: skip


def test_the_questions_are_amazons_own():
    wire = Wire((200, {"payload": []}), (200, {"payload": {"sellingPlan": "PROFESSIONAL"}}))

    account(wire).probe()
    account(wire).selling_plan()

    for request in wire.sent:
        asked_as_published(SELLERS, request)


def test_amazons_own_samples_are_read():
    assert samples(SELLERS, "getMarketplaceParticipations")
    for sample in samples(SELLERS, "getMarketplaceParticipations"):
        assert account(Wire((200, sample))).probe()
    for sample in samples(SELLERS, "getAccount"):
        assert account(Wire((200, sample))).selling_plan() in ("PROFESSIONAL", "INDIVIDUAL")


def test_a_site_is_what_amazon_says_of_it_and_the_united_kingdom_is_gb():
    site, kingdom = account(Wire((200, {"payload": [entry(), entry(GB, countryCode="UK")]}))).probe()

    assert (site.country, site.currency, site.locale, site.domain) == ("FR", "EUR", "fr_FR", "www.amazon.fr")
    assert kingdom.country == "GB"


def test_a_foreign_entry_of_any_shape_does_not_hide_the_sites():
    foreign = {"marketplace": {"id": "A38D8NSA03LJTC", "countryCode": None}}

    assert [s.site for s in account(Wire((200, {"payload": [foreign, entry()]}))).probe()] == [FR]


def test_a_site_of_ours_that_cannot_be_read_is_malformed():
    with pytest.raises(e.Malformed):
        account(Wire((200, {"payload": [{"marketplace": {"id": FR}}]}))).probe()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, denied(), e.GrantDoubted),
        (403, denied("The access token you provided is revoked, malformed or invalid."), e.GrantDoubted),
        (403, denied("The LWA secret token you provided has expired."), e.AppRefused),
        (403, denied("The marketplaces you provided are not valid for region."), e.GrantDoubted),
        (403, b"<html>the proxy says no</html>", e.ServerFault),
        (403, refusal("MissingAuthenticationToken", "Missing Authentication Token"), e.Rejected),
        (200, b"<html>", e.ServerFault),
        (200, {}, e.Malformed),
    ],
)
def test_what_a_refused_probe_means(status, body, kind):
    with pytest.raises(kind):
        account(Wire((status, body))).probe()


def test_without_the_role_the_plan_is_unknown_and_other_refusals_are_told():
    assert account(Wire((403, denied()))).selling_plan() == ""
    with pytest.raises(e.AppRefused):
        account(Wire((403, denied("The LWA secret token you provided has expired.")))).selling_plan()


def test_a_code_is_exchanged_with_the_redirect_it_was_given_for():
    wire = Wire((200, TOKENS))

    grant = account(wire).redeem(CALLBACK, REDIRECT)

    assert (grant.seller, grant.refresh.reveal()) == ("SELLER", "Atzr|2")
    assert wire.sent[0].form == {
        "grant_type": "authorization_code", "code": "RHexample", "redirect_uri": REDIRECT,
        "client_id": "client", "client_secret": "s3cret",
    }  # fmt: skip
    assert not wire.sent[0].authorized


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, {"error": "invalid_grant", "error_description": None, "request_id": None}, e.GrantRefused, "invalid_grant_code"),
        (401, {"error": "invalid_client"}, e.AppRefused, "invalid_client"),
        (400, {"error": "server_error"}, e.ServerFault, "login_ill"),
        (400, b"<html>", e.ServerFault, "no_json"),
        (200, b"<html>", e.ServerFault, "no_json"),
        (200, {k: v for k, v in TOKENS.items() if k != "refresh_token"}, e.Malformed, "malformed"),
        (200, {"access_token": "x"}, e.Malformed, "malformed"),
    ],
)  # fmt: skip
def test_what_a_refused_code_means(status, body, kind, code):
    with pytest.raises(kind) as refused:
        account(Wire((status, body))).redeem(CALLBACK, REDIRECT)
    assert refused.value.code == code


@pytest.mark.parametrize("status", [400, 401])
def test_a_refused_refresh_token_is_told_apart_from_a_refused_application(status):
    body = {"error": "invalid_grant" if status == 400 else "invalid_client", "error_description": "x"}
    adapter = account(Wire())

    with pytest.raises(e.GrantRefused if status == 400 else e.AppRefused):
        exchange(adapter._credentials, Wire((status, body)))


def test_every_consent_goes_to_the_sites_own_seller_central():
    for site in SITES:
        url = urlsplit(account(Wire()).consent_url("amzn1.sp.solution.1", "st", site.site_id, REDIRECT))
        assert (url.scheme, url.netloc, url.path) == ("https", site.consent_host, "/apps/authorize/consent")


def test_a_draft_application_asks_for_its_draft_in_both_directions():
    asked = {"amazon_callback_uri": "https://sellercentral.amazon.com/apps/authorize/confirm/1", "amazon_state": "as",
             "selling_partner_id": "SELLER"}  # fmt: skip
    draft = account(Wire(), draft="yes")

    assert "version=beta" in draft.consent_url("amzn1.sp.solution.1", "st", FR, REDIRECT)
    assert parse_qs(urlsplit(draft.arrival(asked).answer_to).query)["version"] == ["beta"]
    assert "version" not in account(Wire()).arrival(asked).answer_to
    assert "version=beta" in account(Wire()).arrival({**asked, "version": "beta"}).answer_to


@pytest.mark.parametrize(
    "host", ["sellercentral-europe.amazon.com", "sellercentral.amazon.fr", "sellercentral.amazon.co.jp"]
)
def test_a_renewal_that_begins_at_amazon_is_answered_at_its_own_address(host):
    asked = {"amazon_callback_uri": f"https://{host}/apps/authorize/confirm/1?a=1", "amazon_state": "a s&",
             "selling_partner_id": "SELLER"}  # fmt: skip

    arrival = account(Wire()).arrival(asked)

    url = urlsplit(arrival.answer_to)
    assert (arrival.seller, url.netloc, parse_qs(url.query)) == ("SELLER", host, {"a": ["1"], "amazon_state": ["a s&"]})


@pytest.mark.parametrize(
    "callback",
    ["https://sellercentral.amazon.com@evil.example/", "https://evil.example/?sellercentral.amazon.com", "//sellercentral.amazon.com/x",
     "javascript:alert(1)", "https://sellercentral.amazon.com:8443/x"],
)  # fmt: skip
def test_an_address_that_only_looks_like_amazons_opens_no_door(callback):
    with pytest.raises(e.Malformed):
        account(Wire()).arrival({"amazon_callback_uri": callback, "amazon_state": "s", "selling_partner_id": "SELLER"})


def test_a_line_break_in_the_callback_does_not_reach_the_browser():
    asked = {"amazon_callback_uri": "https://sellercentral.amazon.com/x\r\nSet-Cookie: a=b#f", "amazon_state": "s", "selling_partner_id": "S"}  # fmt: skip

    answer_to = account(Wire()).arrival(asked).answer_to

    assert not set("\r\n#") & set(answer_to)


def test_what_is_no_arrival_is_none():
    assert account(Wire()).arrival({"selling_partner_id": "SELLER"}) is None


@pytest.mark.parametrize(
    "change",
    [{"access_token": ""}, {"access_token": "a b"}, {"access_token": "a\nb"}, {"expires_in": 0}, {"expires_in": 10**30},
     {"expires_in": -5}, {"refresh_token": "a\0"}],
)  # fmt: skip
def test_a_token_that_no_header_carries_or_that_lives_for_ever_breaks_the_contract(change):
    """Sent on, an empty one would be refused, and the permission doubted for it."""
    wire = Wire((200, TOKENS | change), (200, TOKENS | change))
    adapter = account(wire)

    with pytest.raises(e.Malformed):
        exchange(adapter._credentials, wire)
    with pytest.raises(e.Malformed):
        adapter.redeem(CALLBACK, REDIRECT)
