"""Seller Central as a seller meets it: consents, "Manage your apps", the old user permissions, mail, orders, inventory."""

from forain_box.http import Request, Response
from forain_box.seller_central import apps, consent, developers, lists, visit
from forain_box.seller_central.visit import Visit
from forain_box.world import World


def answer(world: World, region: str, request: Request) -> Response:
    """One page of a region. Who is signed in stands in a cookie, or in `seller_id` of the address or form."""
    here = visit.of(world, region, request)
    return visit.remembered(here, _route(here))


def _route(here: Visit) -> Response:
    match here.request.parts[2:]:
        case ("apps", "authorize", "consent"):
            return consent.consent(here)
        case ("apps", "authorize", "return"):
            return consent.returned(here)
        case _ if here.seller is None:
            return visit.who(here)
        case () | ("home",):
            return lists.home(here)
        case ("apps", "manage"):
            return apps.manage(here)
        case ("user-permissions",):
            return developers.permissions(here)
        case ("user-permissions", "new-developer"):
            return developers.new_developer(here)
        case ("mail",):
            return lists.mail(here)
        case ("orders",):
            return lists.orders(here)
        case ("inventory",):
            return lists.inventory(here)
        case _:
            return visit.page(here, "Seller Central", "<section><p>404</p></section>", 404)
