"""Controls of applications, sellers, authorizations and the old interface's permissions."""

from collections.abc import Callable
from typing import Any

import msgspec

from forain_box import mail, mws_tokens, notify, offers, sqs
from forain_box.clock import text
from forain_box.control import shown
from forain_box.control.bodies import (
    ForApplication,
    ForMwsDeveloper,
    MaybeApplication,
    MwsNumber,
    NewApplication,
    NewMessage,
    NewMwsDeveloper,
    NewQueue,
    NewSeller,
    Nothing,
    OwnStock,
    Plan,
    QueueOf,
    QueuePolicy,
    Roles,
)
from forain_box.control.call import Control, find
from forain_box.http import Response
from forain_box.sites import SITES
from forain_box.state import MwsToken, Seller
from forain_box.world import ALL_ROLES, Refusal, World


def _new_application(world: World, told: NewApplication) -> Response:
    _known_roles(told.roles or [])
    made = shown.application(world.add_application(msgspec.structs.asdict(told)))
    names = ("application_id", "client_id", "client_secret", "client_secret_expires_at")
    return Response.json({name: made[name] for name in names}, 201)


def _known_roles(roles: list[str]) -> None:
    wrong = [role for role in roles if role not in ALL_ROLES]
    if wrong:
        raise Refusal(f"{wrong[0]!r} is no role; there are {', '.join(ALL_ROLES)}")


def _rotate(world: World, name: str, _: Nothing) -> Response:
    application = find(world.state.applications, name, "application")
    world.rotate_secret(application)
    return Response.json(shown.application(application))


def _expire_secret(world: World, name: str, _: Nothing) -> Response:
    application = find(world.state.applications, name, "application")
    application.secret_expires_at = world.now()
    return Response.json(shown.application(application))


def _set_roles(world: World, name: str, told: Roles) -> Response:
    """Taking a role away shows at once; adding one ends every authorization, as Amazon asks for a new consent."""
    application = find(world.state.applications, name, "application")
    _known_roles(told.roles)
    added = set(told.roles) - set(application.roles)
    application.roles = sorted(set(told.roles))
    if added:
        for grant in world.state.authorizations:
            if grant.application_id == application.application_id and grant.revoked_at is None:
                grant.revoked_at = world.now()
    return Response.json(shown.application(application))


def _new_seller(world: World, told: NewSeller) -> Response:
    return Response.json(shown.seller(world.add_seller(msgspec.structs.asdict(told), SITES)), 201)


def _authorize(world: World, name: str, told: ForApplication) -> Response:
    seller = find(world.state.sellers, name, "seller")
    grant = world.authorize(find(world.state.applications, told.application_id, "application"), seller)
    mail.plan_reminders(world, grant)
    end = text(grant.expires_at) if grant.expires_at else None
    return Response.json({"refresh_token": grant.refresh_token, "expires_at": end}, 201)


def _revoke(world: World, name: str, told: MaybeApplication) -> Response:
    return Response.json(
        {"revoked": world.revoke(find(world.state.sellers, name, "seller"), told.application_id or None)}
    )


def _expire(world: World, name: str, told: MaybeApplication) -> Response:
    """Every living authorization of the seller ends now, as if its year were over."""
    seller = find(world.state.sellers, name, "seller")
    found = [
        g for g in world.state.authorizations
        if g.seller_id == seller.seller_id and g.lives(world.now()) and told.application_id in ("", g.application_id)
    ]  # fmt: skip
    for grant in found:
        grant.expires_at = world.now()
    return Response.json({"expired": len(found)})


def _seller_switch(**changes: bool) -> Callable[[World, str, Nothing], Response]:
    def switch(world: World, name: str, _: Nothing) -> Response:
        seller = find(world.state.sellers, name, "seller")
        for field, value in changes.items():
            setattr(seller, field, value)
        return Response.json(shown.seller(seller))

    return switch


def _own_stock(world: World, name: str, told: OwnStock) -> Response:
    """Against what Amazon's staff says, after whom all sites of a seller share: for clients that must not rely on it."""
    seller = find(world.state.sellers, name, "seller")
    wrong = [site for site in told.marketplace_ids if site not in seller.marketplace_ids]
    if wrong:
        raise Refusal(f"{seller.seller_id} does not sell on {', '.join(wrong)}")
    seller.own_stock = told.marketplace_ids
    for listing in world.state.listings[seller.seller_id].values():
        there = [site for site in seller.own_stock if site in listing.marketplace_ids]
        with offers.changing(world, listing):
            shared = listing.availability.get("DEFAULT")
            listing.apart = {} if shared is None else {site: listing.apart.get(site, shared) for site in there}
    return Response.json(shown.seller(seller))


def _plan(world: World, name: str, told: Plan) -> Response:
    seller = find(world.state.sellers, name, "seller")
    seller.professional = told.professional
    return Response.json(shown.seller(seller))


def _mws_developer(world: World, told: NewMwsDeveloper) -> Response:
    found = mws_tokens.add_developer(world, told.name, told.developer_number, told.region)
    return Response.json({"aws_access_key_id": found.aws_access_key_id, "aws_secret_key": found.aws_secret_key}, 201)


def _mws_authorize(world: World, name: str, told: ForMwsDeveloper) -> Response:
    seller = find(world.state.sellers, name, "seller")
    token = mws_tokens.authorize(world, seller, told.application_name, told.developer_number)
    return Response.json(_mws(seller, token), 201)


def _mws_change(act: Callable[[World, Seller, str], MwsToken]) -> Callable[[World, str, MwsNumber], Response]:
    def change(world: World, name: str, told: MwsNumber) -> Response:
        seller = find(world.state.sellers, name, "seller")
        token = act(world, seller, told.developer_number)
        return Response.json({**_mws(seller, token), "standing": token.standing})

    return change


def _mws(seller: Seller, token: MwsToken) -> dict[str, Any]:
    return {
        "seller_id": seller.seller_id, "marketplace_ids": seller.marketplace_ids, "mws_auth_token": token.token,
        "expires_at": text(token.expires_at),
    }  # fmt: skip


def _application_messages(world: World, name: str) -> Response:
    """What lies in an application's own queue (new secrets), oldest first."""
    application = find(world.state.applications, name, "application")
    found = [m for m in notify.kept(world) if not m.destination_id and m.application_id == application.application_id]
    return Response.json([{"message_id": m.message_id, "at": text(m.at), "body": m.body} for m in found])


def _new_queue(world: World, told: NewQueue) -> Response:
    if told.arn in world.state.queues:
        raise Refusal(f"queue {told.arn} exists already", 409)
    queue = sqs.add_queue(world, told.arn, told.visibility_seconds)
    # Where the box itself is reached, the caller knows.
    keys = {"access_key_id": queue.access_key_id, "secret_access_key": queue.secret_access_key}
    return Response.json({"queue_path": sqs.address(queue, ""), "region": queue.region, **keys}, 201)


def _queue_of(world: World, name: str, told: QueueOf) -> Response:
    """Notification Preferences, "Application Client New Secret": set by hand in the console, by no API."""
    application = find(world.state.applications, name, "application")
    application.queue = told.arn
    return Response.json(shown.application(application))


def _queue_policy(world: World, arn: str, told: QueuePolicy) -> Response:
    queue = find(world.state.queues, arn, "queue")
    wrong = [action for action in told.actions if action not in sqs.ACTIONS]
    if wrong:
        raise Refusal(f"{wrong[0]!r} is no action here; there are {', '.join(sqs.ACTIONS)}")
    queue.actions = told.actions
    return Response.json({"actions": queue.actions})


def _queue_message(world: World, arn: str, told: NewMessage) -> Response:
    message = sqs.put(world, find(world.state.queues, arn, "queue"), told.body)
    return Response.json({"message_id": message.message_id}, 201)


CONTROLS = (
    Control("POST", "queues", NewQueue, _new_queue, "A standard queue at SQS, and a key for it"),
    Control("POST", "queues/{id}/policy", QueuePolicy, _queue_policy, "What the queue's key may do"),
    Control("POST", "queues/{id}/messages", NewMessage, _queue_message, "Somebody writes something into the queue"),
    Control("POST", "applications/{id}/queue", QueueOf, _queue_of, "The application's queue for its new secrets"),
    Control("POST", "applications", NewApplication, _new_application, "A developer registers an application"),
    Control(
        "POST", "applications/{id}/rotate", Nothing, _rotate, "A new client secret; the old one works seven days more"
    ),
    Control(
        "POST", "applications/{id}/expire-secret", Nothing, _expire_secret, "The client secret's 180 days are over"
    ),
    Control(
        "POST", "applications/{id}/roles", Roles, _set_roles, "Take roles away, or add some: that ends authorizations"
    ),
    Control("GET", "applications/{id}/messages", None, _application_messages, "The application's own queue"),
    Control("POST", "sellers", NewSeller, _new_seller, "A seller opens an account"),
    Control("POST", "sellers/{id}/authorize", ForApplication, _authorize, "Self-authorization: a refresh token"),
    Control("POST", "sellers/{id}/revoke", MaybeApplication, _revoke, "The seller disables an application (or all)"),
    Control(
        "POST", "sellers/{id}/expire", MaybeApplication, _expire, "The year of an authorization (or of all) is over"
    ),
    Control("POST", "sellers/{id}/deactivate", Nothing, _seller_switch(active=False), "Amazon deactivates the account"),
    Control("POST", "sellers/{id}/reactivate", Nothing, _seller_switch(active=True), "Amazon reactivates it"),
    Control(
        "POST", "sellers/{id}/suspend-listings", Nothing, _seller_switch(suspended_listings=True), "Listings inactive"
    ),
    Control(
        "POST", "sellers/{id}/resume-listings", Nothing, _seller_switch(suspended_listings=False), "Listings active"
    ),
    Control("POST", "sellers/{id}/plan", Plan, _plan, "Professional or individual selling plan"),
    Control(
        "POST", "sellers/{id}/own-stock", OwnStock, _own_stock, "Sites that do not share their quantity with others"
    ),
    Control("POST", "mws-developers", NewMwsDeveloper, _mws_developer, "A developer of the old interface, with keys"),
    Control(
        "POST", "sellers/{id}/mws-authorize", ForMwsDeveloper, _mws_authorize, "The seller authorizes an MWS developer"
    ),
    Control(
        "POST", "sellers/{id}/mws-deactivate", MwsNumber, _mws_change(mws_tokens.deactivate), "The MWS token sleeps"
    ),
    Control(
        "POST",
        "sellers/{id}/mws-reactivate",
        MwsNumber,
        _mws_change(mws_tokens.reactivate),
        "The same MWS token lives again",
    ),
    Control(
        "POST", "sellers/{id}/mws-delete", MwsNumber, _mws_change(mws_tokens.delete), "The MWS token is dead for good"
    ),
)
