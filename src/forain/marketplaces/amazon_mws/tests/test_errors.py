"""Every refusal of MWS and what it means; what is no XML, or XML nobody should read."""

import pytest

from forain.core import errors as e
from forain.marketplaces.amazon_mws import too_fast
from forain.marketplaces.amazon_mws.tests.parts import Wire, account, refusal, response

TOKEN_REFUSED = "AuthToken is not valid for SellerId and AWSAccountId"
NOT_ELIGIBLE = "The seller does not have an eligible Amazon account to call Amazon MWS. Accounts may be suspended."

REFUSALS = [
    (401, "AccessDenied", TOKEN_REFUSED, e.GrantRefused, "mws_token_refused"),
    (401, "AccessDenied", "Access denied", e.GrantDoubted, "mws_access_denied"),
    (401, "AccessDenied", NOT_ELIGIBLE, e.GrantDoubted, "mws_not_eligible"),
    (401, "AccessDenied", "Access to Orders.ListOrders is denied", e.Denied, "denied"),
    (
        401,
        "AccessDenied",
        "Seller X does not have access to the given marketplace",
        e.Rejected,
        "mws_wrong_marketplace",
    ),
    (403, "InvalidAccessKeyId", "", e.AppRefused, "mws_key_unknown"),
    (403, "SignatureDoesNotMatch", "", e.AppRefused, "mws_signature_refused"),
    (403, "Whatever", "", e.GrantDoubted, "mws_access_denied"),
    (400, "RequestExpired", "Request has expired.", e.Rejected, "mws_clock_wrong"),
    (400, "InvalidParameterValue", "Invalid seller id: X", e.Rejected, "mws_seller_unknown"),
    (400, "InvalidParameterValue", "NextToken is invalid.", e.Rejected, "rejected"),
    (404, "InvalidAddress", "Resource /x is not found on this server.", e.Rejected, "wrong_address"),
]


@pytest.mark.parametrize(("status", "code", "message", "kind", "ours"), REFUSALS)
def test_each_refusal_is_the_error_the_shell_knows(status, code, message, kind, ours):
    with pytest.raises(kind) as raised:
        account(Wire((status, refusal(code, message)))).probe()

    assert raised.value.code == ours
    assert raised.value.request_id == "r-2"


@pytest.mark.parametrize("body", ["<html><p>Bad gateway</html>", "", "{}", "<a", b"\xff\xfe\x00"])
@pytest.mark.parametrize("status", [200, 401, 404])
def test_what_is_no_xml_says_nothing_about_a_permission(status, body):
    with pytest.raises(e.ServerFault):
        account(Wire((status, body))).probe()


@pytest.mark.parametrize(
    "head", ['<!DOCTYPE a [<!ENTITY x "y">]>', '<!doctype a SYSTEM "file:///etc/passwd">', '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/"> %x;]>']
)  # fmt: skip
@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-7", "latin-1"])
def test_a_document_type_is_refused_before_anything_in_it_unfolds(head, charset):
    body = f'<?xml version="1.0"?>{head}<a>&x;</a>'.encode(charset)

    with pytest.raises(e.Malformed, match="DOCTYPE"):
        account(Wire((200, body, f"text/xml; charset={charset}"))).probe()


def test_an_answer_without_end_in_its_depth_is_malformed():
    with pytest.raises(e.Malformed):
        account(Wire((200, "<a>" * 500 + "</a>" * 500))).probe()


@pytest.mark.parametrize(
    ("status", "body", "fast"),
    [
        (503, refusal("RequestThrottled"), True),
        (503, refusal("QuotaExceeded"), True),
        (503, refusal("ServiceUnavailable"), False),
        (503, "<html>", False),
        (400, refusal("RequestThrottled"), False),
    ],
)
def test_too_fast_is_told_apart_from_ill(status, body, fast):
    assert too_fast(response(status, body)) is fast
