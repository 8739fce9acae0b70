"""The permissions of the old interface: developers, and each seller's MWS token, valid one year.

A token past its year is deactivated and not invalidated: renewing brings the same token back to life. A deleted
token stays dead, and a new permission has a new one.

Source: Seller Forums on the yearly renewal of developer permissions, a help page of 2019, read 2026-11-23.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from forain_box import mail
from forain_box.state import MwsDeveloper, MwsToken, Seller
from forain_box.world import Refusal, World, happens

YEAR = timedelta(days=365)
NUMBER = re.compile(r"\d{4}-?\d{4}-?\d{4}")


def spelled(number: str) -> str:
    """A developer account number as Amazon writes it: 4141-0616-7444. Raises Refusal."""
    if not NUMBER.fullmatch(number.strip()):
        raise Refusal("a developer account number has twelve digits, such as 4141-0616-7444")
    digits = re.sub(r"\D", "", number)
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def add_developer(world: World, name: str, number: str, region: str) -> MwsDeveloper:
    number = spelled(number)
    there = world.state.mws_developers.get(number)
    if there is not None and (there.name, there.region) == (name, region):
        # Who registered it may see the keys again: the small world's developers are of use by this only.
        return there
    if there is not None:
        raise Refusal(f"developer {number} exists already", 409)
    keys = world.token("AKIA", 16).upper(), world.token("", 40)
    developer = MwsDeveloper(name, number, region, *keys)
    world.state.mws_developers[number] = developer
    return developer


def check(world: World, seller: Seller, name: str, number: str) -> MwsDeveloper:
    """The developer of that name and number in the seller's region. Raises Refusal."""
    developer = world.state.mws_developers.get(spelled(number))
    if developer is None or developer.region != seller.region:
        raise Refusal(f"there is no developer {number} in this region", 404)
    if developer.name.casefold() != name.casefold():
        raise Refusal(f"the name does not belong to the developer account number {number}")
    return developer


def lives(token: MwsToken, now: datetime) -> bool:
    return token.standing == "active" and now < token.expires_at


def find(world: World, seller: Seller, number: str) -> MwsToken:
    """The seller's token for a developer. Raises Refusal."""
    wanted = spelled(number)
    for token in world.state.mws_tokens:
        if (token.seller_id, token.developer_number) == (seller.seller_id, wanted) and token.standing != "deleted":
            return token
    raise Refusal(f"{seller.seller_id} has not authorized developer {number}", 404)


def authorize(world: World, seller: Seller, name: str, number: str) -> MwsToken:
    """Give permission; where there was one, it is renewed and its token stays the same."""
    developer = check(world, seller, name, number)
    try:
        return reactivate(world, seller, developer.developer_number)
    except Refusal:
        pass
    parts = (8, 4, 4, 4, 12)
    now = world.now()
    name = "amzn.mws." + "-".join(f"{world.chance.getrandbits(4 * n):0{n}x}" for n in parts)
    token = MwsToken(seller.seller_id, developer.developer_number, name, now, now + YEAR)
    world.state.mws_tokens.append(token)
    _plan_reminders(world, token)
    return token


def reactivate(world: World, seller: Seller, number: str) -> MwsToken:
    """The same token lives again, for a year from now."""
    token = find(world, seller, number)
    token.standing, token.granted_at, token.expires_at = "active", world.now(), world.now() + YEAR
    _plan_reminders(world, token)
    return token


def deactivate(world: World, seller: Seller, number: str) -> MwsToken:
    token = find(world, seller, number)
    token.standing = "inactive"
    return token


def delete(world: World, seller: Seller, number: str) -> MwsToken:
    token = find(world, seller, number)
    token.standing = "deleted"
    return token


def _plan_reminders(world: World, token: MwsToken) -> None:
    told = {"token": token.token, "end": token.expires_at.isoformat()}
    moment = token.expires_at - mail.REMINDED_FROM
    while moment < token.expires_at:
        world.at(moment, "mail.mws", **told)
        moment += mail.WEEK
    world.at(token.expires_at, "mws.expired", **told)


def _named(world: World, told: dict[str, Any]) -> MwsToken | None:
    """The token an act was planned for, None where it was renewed or ended since."""
    return next(
        (
            t for t in world.state.mws_tokens
            if t.token == told["token"] and t.expires_at.isoformat() == told["end"] and t.standing == "active"
        ),
        None,
    )  # fmt: skip


@happens("mail.mws")
def _remind(world: World, told: dict[str, Any]) -> None:
    token = _named(world, told)
    if token is not None:
        developer = world.state.mws_developers[token.developer_number]
        words = f"The MWS permission of {developer.name} ends on {token.expires_at:%Y-%m-%d}. Renew it under Settings, User Permissions."
        mail.send(world, world.state.sellers[token.seller_id], "mws-renew", "Renew your MWS authorization", words)


@happens("mws.expired")
def _expired(world: World, told: dict[str, Any]) -> None:
    token = _named(world, told)
    if token is not None:
        token.standing = "inactive"
