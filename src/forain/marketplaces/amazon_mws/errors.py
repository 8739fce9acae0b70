"""What the refusals of MWS mean. Status and code decide; for AccessDenied only the sentence tells the causes apart.

Source: message texts of public connector code and help pages of the time, read 2026-11-23.
"""

import re

from forain.contracts.net import Response
from forain.core import errors
from forain.core.errors import AdapterError, Problem
from forain.marketplaces.amazon_mws import document
from forain.net.redaction import scrub

DENIED = re.compile(r"access to [\w.]+ is denied", re.IGNORECASE)


def of(response: Response, operation: str) -> AdapterError:
    """The error an answer other than 200 is. `operation`: "Section.Action"."""
    try:
        told = document.read(response)
    except AdapterError as error:
        # A proxy's or firewall's page says nothing about a permission, an offer or an order.
        return error
    code, message = told.get("Error/Code"), scrub(told.get("Error/Message"))[:300]
    request_id = (told.get("RequestId") or told.get("RequestID"))[:100]
    placeholders = {"operation": operation, "message": message}
    problems = [Problem((code or str(response.status))[:100], message)]
    match code:
        case "AccessDenied":
            return _denied(message, operation, problems, request_id)
        case "InvalidAccessKeyId" | "InvalidClientTokenId":
            return errors.AppRefused("mws_key_unknown", request_id=request_id)
        case "SignatureDoesNotMatch":
            return errors.AppRefused("mws_signature_refused", request_id=request_id)
        case "RequestExpired":
            return errors.Rejected(problems, "mws_clock_wrong", request_id=request_id)
        case "InvalidAddress":
            return errors.Rejected(problems, "wrong_address", request_id=request_id)
        case "InvalidParameterValue" if message.lower().startswith("invalid seller id"):
            return errors.Rejected(problems, "mws_seller_unknown", request_id=request_id)
        case _ if response.status in (401, 403):
            return errors.GrantDoubted("mws_access_denied", request_id=request_id, placeholders=placeholders)
        case _ if response.status >= 500:
            return errors.ServerFault(request_id=request_id, placeholders={"operation": operation})
    return errors.Rejected(problems, request_id=request_id, placeholders={"operation": operation})


def _denied(message: str, operation: str, problems: list[Problem], request_id: str) -> AdapterError:
    said = message.lower()
    placeholders = {"operation": operation, "message": message, "cause": "access_denied"}
    if said.startswith("authtoken is not valid"):
        # Deactivated (by the seller, or after its year), deleted, or another seller's: Amazon says no more.
        return errors.GrantRefused("mws_token_refused", request_id=request_id)
    if "eligible" in said:
        return errors.GrantDoubted("mws_not_eligible", request_id=request_id, placeholders=placeholders)
    if DENIED.search(said):
        return errors.Denied(operation, request_id=request_id)
    if "given marketplace" in said:
        return errors.Rejected(problems, "mws_wrong_marketplace", request_id=request_id)
    return errors.GrantDoubted("mws_access_denied", request_id=request_id, placeholders=placeholders)
