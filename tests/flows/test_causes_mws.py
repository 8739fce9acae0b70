"""Why the retired MWS refused: a row for every error body we know of it, as `test_causes` has for today's interface.

The bodies: texts of public connector code and help pages of the time; read 2026-11-23.
"""

import pytest

from forain import wiring
from tests.journeys.mws import mws_house

from .test_causes import HERE, Answers, Case, concludes, shown  # noqa: F401

ANYWHERE, ORDERS = "/mws/eu", "/mws/eu/Orders/"


def xml(code, message):
    return (
        '<?xml version="1.0"?><ErrorResponse xmlns="https://mws.amazonservices.com/Orders/2013-09-01"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestID>da90a758-492a-48bf-aae2-0f08e127e34b</RequestID></ErrorResponse>"
    )


INELIGIBLE = (
    "The seller does not have an eligible Amazon account to call Amazon MWS. For more information, please contact us."
)
CASES = [
    Case("withdrawn", ANYWHERE, 401, xml("AccessDenied", "AuthToken is not valid for SellerId and AWSAccountId"), ("authorization_revoked", ""), "revoked", HERE + "#renew"),
    Case("expired", ANYWHERE, 401, xml("AccessDenied", "AuthToken is not valid for SellerId and AWSAccountId"), ("authorization_expired", ""), "expired", HERE + "#renew", over=True),
    Case("account deactivated", ANYWHERE, 401, xml("AccessDenied", "Access denied"), ("authorization_revoked", "access_denied"), "revoked", HERE + "#check"),
    Case("account deactivated", ANYWHERE, 401, xml("AccessDenied", INELIGIBLE), ("authorization_revoked", "access_denied"), "revoked", HERE + "#check"),
    Case("role missing", ORDERS, 401, xml("AccessDenied", "Access to Orders.ListOrders is denied"), ("role_missing", ""), None, HERE + "#renew"),
    Case("wrong marketplace", ORDERS, 401, xml("AccessDenied", "The seller does not have access to the given marketplace"), ("internal", ""), None, "/health"),
    Case("developer key unknown", ANYWHERE, 403, xml("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."), ("application_refused", "mws_key_unknown"), "application_refused", HERE + "#secret"),
    Case("secret wrong", ANYWHERE, 403, xml("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."), ("application_refused", "mws_signature_refused"), "application_refused", HERE + "#secret"),
    Case("our own fault", ORDERS, 400, xml("InvalidParameterValue", "Invalid seller id"), ("internal", ""), None, "/health"),
    Case("too fast", ANYWHERE, 503, xml("RequestThrottled", "Request is throttled"), None, None),
    Case("too fast", ANYWHERE, 503, xml("QuotaExceeded", "You exceeded your quota of requests per 1 hour."), None, None),
    Case("Amazon ill", ANYWHERE, 500, xml("InternalError", "Internal error"), ("side_ill", ""), None, "/health"),
    Case("Amazon ill", ANYWHERE, 503, xml("ServiceUnavailable", "Service is unavailable"), ("side_ill", ""), None, "/health"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.status} {case.place}")
def test_each_answer_of_mws_leads_to_one_conclusion(tmp_path, transactional_db, shown, case):  # noqa: F811
    amazon = Answers()
    house = mws_house(tmp_path / "shop")
    deps = house.deps
    house.deps = wiring.build(deps.clock, deps.vault, deps.public_url, amazon.over(house.box), jitter=lambda: 0.5)
    house.connect()
    house.allow()

    concludes(house, amazon, case, shown)
