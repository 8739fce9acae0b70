"""The mails Amazon sends by itself: weekly ones in the last thirty days of an authorization.

Source: renewal pages of Amazon's developer documentation, read 2026-11-23.
"""

from datetime import timedelta
from typing import Any

from forain_box.state import Authorization, Mail, Seller
from forain_box.world import World, happens

REMINDED_FROM = timedelta(days=30)
WEEK = timedelta(days=7)


def send(world: World, seller: Seller, kind: str, subject: str, text: str) -> None:
    world.state.mails.append(Mail(seller.email, world.now(), subject, text, seller.seller_id, kind))


def plan_reminders(world: World, grant: Authorization) -> None:
    """Mails 30, 23, 16, 9 and 2 days before the end, as long as the authorization lives. One without end has none."""
    if grant.expires_at is None:
        return
    moment = grant.expires_at - REMINDED_FROM
    while moment < grant.expires_at:
        if moment >= grant.granted_at:
            world.at(moment, "mail.renew", refresh=grant.refresh_token)
        moment += WEEK


@happens("mail.renew")
def _remind(world: World, told: dict[str, Any]) -> None:
    grant = world.authorization_of(told["refresh"])
    if grant is None or grant.expires_at is None or not grant.lives(world.now()):
        return
    newer = any(
        g.granted_at > grant.granted_at and g.lives(world.now())
        for g in world.state.authorizations
        if (g.application_id, g.seller_id) == (grant.application_id, grant.seller_id)
    )
    if newer:
        # Renewed already: the seller has nothing to do.
        return
    application = world.state.applications[grant.application_id]
    words = (
        f"The authorization of {application.name} ends on {grant.expires_at:%Y-%m-%d}. Renew it in Manage Your Apps."
    )
    send(world, world.state.sellers[grant.seller_id], "renew", "Renew your authorization", words)
