"""Amazon MWS, the retired interface, as it was: signed requests, tokens of a year, XML, quotas with restore.

Source: the python package mws 0.8.15, stored copies of MWS pages and its throttling table, read 2026-11-23.
"""

from forain_box import faults, mws_tokens
from forain_box.clock import parse
from forain_box.http import Request, Response
from forain_box.mws import feeds, orders, sellers
from forain_box.mws.call import Action, MwsCall, Section, Stop, parameters, stop
from forain_box.mws.sign import signature
from forain_box.state import MwsDeveloper, Seller
from forain_box.throttle import Throttle
from forain_box.world import World

SECTIONS: dict[tuple[str, ...], Section] = {
    ("",): feeds.SECTION,
    ("Orders", "2013-09-01"): orders.SECTION,
    ("Sellers", "2011-07-01"): sellers.SECTION,
}


def answer(world: World, throttle: Throttle, region: str, request: Request) -> tuple[Response, str, str]:
    """(answer, operation, seller) of one call. Raises Cut where a misfortune cuts the connection."""
    told = parameters(request)
    section = SECTIONS.get(tuple(request.parts[2:]) or ("",))
    name = f"mws.{told.get('Action', '')}"
    seller_id = told.get("SellerId") or told.get("Merchant", "")
    struck = faults.struck(world, name, seller_id)
    for fault in struck:
        instead = faults.before(fault)
        if instead is not None:
            return _in_xml(world, instead), name, seller_id
    try:
        if section is None:
            raise stop(404, "InvalidAddress", f"Resource {request.raw_path} is not found on this server.")
        action = section.actions.get(told.get("Action", ""))
        if action is None:
            raise stop(400, "InvalidAction", f"{told.get('Action', '')} is no action of {section.name}.", section)
        call = MwsCall(world, region, request, told, section, *_allowed(world, region, request, told, action))
        if not throttle.take(
            name,
            1 / action.restore_seconds,
            action.quota,
            (call.seller.seller_id, call.developer.developer_number),
            world.now(),
        ):
            raise stop(503, "RequestThrottled", "Request is throttled", section)
        response = call.answer(action.name, action.run(call))
    except Stop as stopped:
        response = stopped.xml(world, section)
    for fault in struck:
        response = faults.after(fault, response, world)
    return response, name, seller_id


def _allowed(
    world: World, region: str, request: Request, told: dict[str, str], action: Action
) -> tuple[Seller, MwsDeveloper]:
    """Keys, signature, time, seller, token, account: in the order in which Amazon minded them."""
    key = told.get("AWSAccessKeyId", "")
    developer = next((d for d in world.state.mws_developers.values() if d.aws_access_key_id == key), None)
    if developer is None or developer.region != region:
        raise stop(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    if told.get("SignatureVersion") != "2" or told.get("SignatureMethod") != "HmacSHA256":
        raise stop(400, "InvalidParameterValue", "SignatureVersion must be 2 and SignatureMethod HmacSHA256.")
    if not signature(developer.aws_secret_key, request, told, told.get("Signature", "")):
        raise stop(
            403, "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
        )  # fmt: skip
    _in_time(world, told)
    seller_id = told.get("SellerId") or told.get("Merchant", "")
    seller = world.state.sellers.get(seller_id)
    if seller is None:
        raise stop(400, "InvalidParameterValue", f"Invalid seller id: {seller_id[:50]}")
    tokens = [
        t
        for t in world.state.mws_tokens
        if t.seller_id == seller_id and t.developer_number == developer.developer_number
    ]
    lives = any(t.token == told.get("MWSAuthToken") and mws_tokens.lives(t, world.now()) for t in tokens)
    if not lives or seller.region != region:
        raise stop(401, "AccessDenied", "AuthToken is not valid for SellerId and AWSAccountId")
    if not seller.active or not seller.professional:
        raise stop(
            401, "AccessDenied",
            "The seller does not have an eligible Amazon account to call Amazon MWS. Accounts may be suspended or downgraded.",
        )  # fmt: skip
    return seller, developer


def _in_time(world: World, told: dict[str, str]) -> None:
    try:
        moment = parse(told.get("Timestamp", "").replace(" ", "+"))
    except ValueError:
        raise stop(400, "InvalidParameterValue", "Timestamp must be a date in ISO 8601 format.") from None
    if abs((world.now() - moment).total_seconds()) > 15 * 60:
        raise stop(400, "RequestExpired", "Request has expired. Timestamp date is older than 15 minutes.")


def _in_xml(world: World, instead: Response) -> Response:
    """The misfortune's own answers, as the old interface spelled them."""
    if instead.status == 429:
        return stop(503, "RequestThrottled", "Request is throttled").xml(world, None)
    if instead.status == 500:
        return stop(500, "InternalError", "We encountered an internal error. Please try again.").xml(world, None)
    if instead.status == 403:
        return stop(401, "AccessDenied", "Access denied").xml(world, None)
    return instead
