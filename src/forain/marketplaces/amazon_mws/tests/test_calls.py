"""A call is a form (a feed: a query and a body) with the key, the merchant's token, the moment, and a signature."""

import base64
import hashlib

import pytest

from forain.contracts.net import Request
from forain.core import errors as e
from forain.marketplaces.amazon_mws import MANIFEST, signed
from forain.marketplaces.amazon_mws.calls import signature
from forain.marketplaces.amazon_mws.tests.parts import CREDENTIALS, FR, T0, TOKEN, Wire, account, answer

PARTICIPATIONS = answer(
    "ListMarketplaceParticipations",
    f"<ListParticipations><Participation><MarketplaceId>{FR}</MarketplaceId><SellerId>SELLER</SellerId>"
    "<HasSellerSuspendedListings>No</HasSellerSuspendedListings></Participation></ListParticipations><ListMarketplaces>"
    f"<Marketplace><MarketplaceId>{FR}</MarketplaceId><Name>Amazon.fr</Name><DefaultCountryCode>FR</DefaultCountryCode>"
    "<DefaultCurrencyCode>EUR</DefaultCurrencyCode><DefaultLanguageCode>fr_FR</DefaultLanguageCode>"
    "<DomainName>www.amazon.fr</DomainName></Marketplace></ListMarketplaces>",
)


def test_the_signature_is_the_one_of_the_published_example():
    """The example of Signature Version 2 in the AWS General Reference, as public client libraries test it; read 2026-11-29."""
    told = {
        "AWSAccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Action": "DescribeJobFlows", "SignatureMethod": "HmacSHA256",
        "SignatureVersion": "2", "Timestamp": "2011-10-03T15:19:30", "Version": "2009-03-31",
    }  # fmt: skip

    found = signature(
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "GET", "https://elasticmapreduce.amazonaws.com/", told
    )

    assert found == "i91nKc4PWAt0JJIdXwz9HxZCJDdiy6cf/Mj6vPxyYIs="


def test_a_form_is_signed_with_the_moment_it_leaves():
    request = Request(
        "ListOrders", "POST", "http://mws:8900/eu/Orders/2013-09-01", form={"Action": "ListOrders", "A": "b c/+é~"}
    )

    told = dict(signed(CREDENTIALS, request, T0).form)

    assert told["Timestamp"] == "2020-03-01T10:00:00Z"
    assert told["MWSAuthToken"] == TOKEN
    rest = {name: value for name, value in told.items() if name != "Signature"}
    assert told["Signature"] == signature("fake-secret-key", "POST", "http://MWS:8900/eu/Orders/2013-09-01", rest)
    assert "fake-secret-key" not in str(told)


def test_a_feed_keeps_its_body_and_is_signed_in_its_query():
    request = Request("SubmitFeed", "POST", "http://mws", query={"Action": "SubmitFeed"}, json=b"<a/>")

    found = signed(CREDENTIALS, request, T0)

    assert (found.json, found.form) == (b"<a/>", None)
    assert found.query["Signature"] == signature(
        "fake-secret-key", "POST", "http://mws", {k: v for k, v in found.query.items() if k != "Signature"}
    )


def test_the_probe_asks_for_the_participations_and_reads_the_entered_site():
    wire = Wire((200, PARTICIPATIONS))

    (site,) = account(wire).probe()

    request = wire.sent[0]
    assert (request.method, request.url, request.operation) == (
        "POST", "http://mws/eu/Sellers/2011-07-01", "ListMarketplaceParticipations",
    )  # fmt: skip
    assert wire.told() == {"Action": "ListMarketplaceParticipations", "Version": "2011-07-01", "SellerId": "SELLER"}
    assert (site.site, site.currency, site.locale, site.suspended) == (FR, "EUR", "fr_FR", False)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (PARTICIPATIONS.replace(FR, "A1PA6795UKMFR9"), e.Rejected),
        (PARTICIPATIONS.replace(">No<", ">Perhaps<"), e.Malformed),
        (answer("GetServiceStatus", ""), e.Malformed),
    ],
)
def test_a_site_that_is_not_the_sellers_and_an_answer_that_is_another_are_errors(body, error):
    with pytest.raises(error):
        account(Wire((200, body))).probe()


def test_the_checksum_of_a_feed_is_told_with_it():
    wire = Wire(
        (200, answer("GetFeedSubmissionList", "")),
        (200, answer("SubmitFeed", "<FeedSubmissionInfo><FeedSubmissionId>7</FeedSubmissionId></FeedSubmissionInfo>")),
    )
    from forain.core.offers import Change
    from forain.marketplaces.amazon_mws.tests.parts import key

    list(account(wire).submit([Change(key(), 3, None)]))

    request = wire.sent[1]
    assert request.headers["content-md5"] == base64.b64encode(hashlib.md5(request.json).digest()).decode()
    assert wire.told(1)["Merchant"] == "SELLER"


def test_the_year_of_the_token_and_the_end_of_the_interface_are_data():
    (kind,) = MANIFEST.application_kinds

    assert (kind.by_consent, kind.authorization_term.days, kind.secret_term) == (False, 365, None)
    assert MANIFEST.retired_on.isoformat() == "2024-04-01"
    assert MANIFEST.addresses.api == {}
