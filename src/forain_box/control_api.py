"""The control API: what happens in the world, for programs. Every no is a sentence with its cure.

`/box/openapi.json` is made from the table at the end of this file and the bodies beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from forain_box import competition, faults, mail, mws_tokens, notify, trade
from forain_box.clock import text
from forain_box.http import Request, Response
from forain_box.listing_writes import put_in_place
from forain_box.product_types import CONDITIONS
from forain_box.sites import SITES, coins
from forain_box.state import Application, Competitor, Fault, Listing, MwsToken, Order, Product, Seller, State
from forain_box.world import ALL_ROLES, Refusal, World

T = TypeVar("T")
MOST_SECONDS = 20 * 366 * 86400
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=MOST_SECONDS)]
Text = Annotated[str, msgspec.Meta(max_length=500)]


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """A body of the control API; a member nobody knows is an error, since it is a typing mistake."""


class Nothing(Body):
    """{}"""


class ClockMove(Body):
    advance_seconds: Seconds = 0
    speed: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)] | None = None


class NewApplication(Body):
    """`authorization_days` null: authorizations without end. `queue`: has a queue for its secrets."""

    name: Text = "Application"
    kind: Literal["private", "public"] = "private"
    redirect_uris: list[Text] = []
    login_uri: Text = ""
    roles: list[Text] | None = None
    authorization_days: Annotated[int, msgspec.Meta(ge=1, le=36500)] | None = 365
    draft: bool = False
    listed: bool = False
    queue: Text = ""


class NewSeller(Body):
    marketplace_ids: list[Text]
    seller_id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9]{0,40}$")] = ""
    name: Text = "Seller"
    email: Text = "seller@example.test"
    region: Literal["eu", "na", "fe"] = "eu"
    professional: bool = True


class ForApplication(Body):
    application_id: Text


class MaybeApplication(Body):
    application_id: Text = ""


class Plan(Body):
    professional: bool = True


class Roles(Body):
    roles: list[Text]


Restriction = Literal["APPROVAL_REQUIRED", "ASIN_NOT_FOUND", "NOT_ELIGIBLE"]
Amount = str | float | int


class NewCompetitor(Body):
    """Somebody else's offer of an ASIN on a site."""

    marketplace_id: Text
    price: Amount
    seller_id: Text = "A1COMPETITOR"
    shipping: Amount = 0
    by_amazon: bool = False
    condition: Literal["New", "Used", "Collectible", "Refurbished", "Club"] = "New"


class NewProduct(Body):
    """`marketplace_ids` []: on every site. `restricted`: site ("" every one) -> why nobody may sell it there.
    `reference_prices`: site -> the usual price; an offer at five times or a fifth of it is closed."""

    asin: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    ean: Text = ""
    title: Text = ""
    product_type: Text = "PRODUCT"
    brand: Text = ""
    list_price: Text = ""
    minsan: Text = ""
    marketplace_ids: list[Text] = []
    classification: Literal["BASE_PRODUCT", "OTHER", "PRODUCT_BUNDLE", "VARIATION_PARENT"] = "BASE_PRODUCT"
    parent: Text = ""
    category: Text = ""
    category_name: Text = ""
    sales_rank: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 0
    images: list[Text] = []
    restricted: dict[str, Restriction] = {}
    reference_prices: dict[str, Amount] = {}
    competitors: list[NewCompetitor] = []


class Price(Body):
    amount: Amount
    currency: Text = ""


class NewListing(Body):
    """Put in place as if it had always been so. Repeating for another marketplace adds it to the SKU."""

    seller_id: Text
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    marketplace_id: Text
    asin: Text = ""
    ean: Text = ""
    title: Text = ""
    product_type: Text = ""
    quantity: Annotated[int, msgspec.Meta(ge=0, le=100_000_000)] = 0
    price: Price | None = None
    business_price: Price | None = None
    fulfilled_by: Literal["MERCHANT", "AMAZON"] = "MERCHANT"
    handling_days: Annotated[int, msgspec.Meta(ge=0, le=60)] = 2
    condition: Literal[CONDITIONS] = "new_new"  # type: ignore[valid-type]
    minimum_price: Price | None = None
    maximum_price: Price | None = None


class Item(Body):
    """Amounts are for all pieces. `tax`: of the goods; told, Amazon states the order's tax."""

    sku: Text
    quantity: Count = 1
    shipping: str | float | int | None = None
    discount: str | float | int = 0
    shipping_discount: str | float | int = 0
    gift_wrap: str | float | int = 0
    gift_message: Text = ""
    cod_fee: str | float | int = 0
    tax: str | float | int | None = None


class NewOrder(Body):
    """`available_seconds`: a pre-order, on sale so much later. `tax`: whether Amazon states it; null: as on that site."""

    seller_id: Text
    marketplace_id: Text
    items: Annotated[list[Item], msgspec.Meta(min_length=1, max_length=200)]
    pending_seconds: Seconds = 0
    available_seconds: Seconds = 0
    fulfilled_by: Literal["", "MERCHANT", "AMAZON"] = ""
    prime: bool = False
    business: bool = False
    pickup: bool = False
    cash_on_delivery: bool = False
    shipping: str | float | int | None = None
    tax: bool | None = None
    tax_scheme: Literal["", "UOSS", "IOSS"] = ""


class NewMwsDeveloper(Body):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    developer_number: Text
    region: Literal["eu", "na", "fe"] = "eu"


class ForMwsDeveloper(Body):
    application_name: Text
    developer_number: Text


class MwsNumber(Body):
    developer_number: Text


class Reason(Body):
    reason: Text = ""


class Cancellation(Body):
    """`items`: item ids; null: all of the order."""

    reason: Text = ""
    by: Literal["BUYER", "MERCHANT", "AMAZON"] = "AMAZON"
    items: list[Text] | None = None


class Delivery(Body):
    """`package`: its reference; "": all that are under way."""

    package: Text = ""


class Return(Body):
    """`pieces`: item id -> pieces; null: all that were shipped."""

    pieces: dict[str, int] | None = None
    reason: Text = ""


class Refund(Body):
    """`items`: item id -> part (ITEM, SHIPPING, GIFT_WRAP, COD_FEE) -> amount; null: all of it."""

    items: dict[str, dict[str, str | float | int]] | None = None


class Received(Body):
    """Messages of a queue, by their message_id; none named: all of them."""

    message_ids: list[Text] = []


class NewFault(Body):
    kind: Text
    operation: Text = ""
    seller_id: Text = ""
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1
    count: Annotated[int, msgspec.Meta(ge=0)] | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0, le=7 * 86400)] = 1


@dataclass(frozen=True)
class Control:
    """One call. `path` below /box/api/, {name} for its variable part; `body` None: none is read."""

    method: str
    path: str
    body: Any
    run: Callable[..., Response]
    says: str


def answer(world: World, request: Request) -> Response:
    if request.parts == ("box", "openapi.json"):
        from forain_box.openapi import document

        return Response.json(document(CONTROLS))
    try:
        return _route(world, request)
    except Refusal as refusal:
        return Response.json({"error": str(refusal)}, refusal.status)


def _route(world: World, request: Request) -> Response:
    parts = request.parts[2:]
    methods: list[str] = []
    for control in CONTROLS:
        path = control.path.split("/")
        if len(path) == len(parts) and all(w == g or w[0] == "{" for w, g in zip(path, parts, strict=True)):
            if control.method == request.method:
                rest = [got for wanted, got in zip(path, parts, strict=True) if wanted[0] == "{"]
                body = [_read(request, control.body)] if control.body is not None else []
                return control.run(world, *rest, *body)
            methods.append(control.method)
    if methods:
        return Response.json({"error": f"this is called with {' or '.join(methods)}"}, 405, allow=", ".join(methods))
    raise Refusal("there is no such control; see /box/openapi.json", 404)


def _read(request: Request, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise Refusal(f"the body does not fit: {wrong}; see /box/openapi.json") from None


def _find(where: dict[str, T], name: str, kind: str) -> T:
    found = where.get(name)
    if found is None:
        raise Refusal(f"there is no {kind} {name[:100]}", 404)
    return found


def _amount(told: str | float | int) -> Decimal:
    try:
        amount = Decimal(str(told))
    except InvalidOperation:
        raise Refusal(f"{str(told)[:50]!r} is no amount; write 12.50") from None
    if not amount.is_finite() or not 0 <= amount < 10**9:
        raise Refusal("an amount is 0 or more, and below a thousand million")
    return amount


def _state(world: World) -> Response:
    return Response.json(state(world))


def _clock_now(world: World) -> Response:
    return Response.json({"now": text(world.now()), "kind": world.clock.kind, "speed": world.clock.speed})


def _clock(world: World, told: ClockMove) -> Response:
    try:
        if told.speed is not None:
            world.clock.run(told.speed)
        world.clock.advance(told.advance_seconds)
    except (ValueError, OverflowError) as wrong:
        raise Refusal(str(wrong)) from None
    world.settle()
    return Response.json({"now": text(world.now())})


def _new_application(world: World, told: NewApplication) -> Response:
    _known_roles(told.roles or [])
    return Response.json(_application(world.add_application(msgspec.structs.asdict(told))), 201)


def _known_roles(roles: list[str]) -> None:
    wrong = [role for role in roles if role not in ALL_ROLES]
    if wrong:
        raise Refusal(f"{wrong[0]!r} is no role; there are {', '.join(ALL_ROLES)}")


def _rotate(world: World, name: str, _: Nothing) -> Response:
    application = _find(world.state.applications, name, "application")
    world.rotate_secret(application)
    return Response.json(_application(application))


def _expire_secret(world: World, name: str, _: Nothing) -> Response:
    application = _find(world.state.applications, name, "application")
    application.secret_expires_at = world.now()
    return Response.json(_application(application))


def _set_roles(world: World, name: str, told: Roles) -> Response:
    """Taking a role away shows at once; adding one ends every authorization, as Amazon asks for a new consent."""
    application = _find(world.state.applications, name, "application")
    _known_roles(told.roles)
    added = set(told.roles) - set(application.roles)
    application.roles = sorted(set(told.roles))
    if added:
        for grant in world.state.authorizations:
            if grant.application_id == application.application_id and grant.revoked_at is None:
                grant.revoked_at = world.now()
    return Response.json(_application(application))


def _new_seller(world: World, told: NewSeller) -> Response:
    return Response.json(_seller(world.add_seller(msgspec.structs.asdict(told), SITES)), 201)


def _authorize(world: World, name: str, told: ForApplication) -> Response:
    seller = _find(world.state.sellers, name, "seller")
    grant = world.authorize(_find(world.state.applications, told.application_id, "application"), seller)
    mail.plan_reminders(world, grant)
    end = text(grant.expires_at) if grant.expires_at else None
    return Response.json({"refresh_token": grant.refresh_token, "expires_at": end}, 201)


def _revoke(world: World, name: str, told: MaybeApplication) -> Response:
    return Response.json(
        {"revoked": world.revoke(_find(world.state.sellers, name, "seller"), told.application_id or None)}
    )


def _expire(world: World, name: str, told: MaybeApplication) -> Response:
    """Every living authorization of the seller ends now, as if its year were over."""
    seller = _find(world.state.sellers, name, "seller")
    found = [
        g for g in world.state.authorizations
        if g.seller_id == seller.seller_id and g.lives(world.now()) and told.application_id in ("", g.application_id)
    ]  # fmt: skip
    for grant in found:
        grant.expires_at = world.now()
    return Response.json({"expired": len(found)})


def _seller_switch(**changes: bool) -> Callable[[World, str, Nothing], Response]:
    def switch(world: World, name: str, _: Nothing) -> Response:
        seller = _find(world.state.sellers, name, "seller")
        for field, value in changes.items():
            setattr(seller, field, value)
        return Response.json(_seller(seller))

    return switch


def _plan(world: World, name: str, told: Plan) -> Response:
    seller = _find(world.state.sellers, name, "seller")
    seller.professional = told.professional
    return Response.json(_seller(seller))


def _mws_developer(world: World, told: NewMwsDeveloper) -> Response:
    found = mws_tokens.add_developer(world, told.name, told.developer_number, told.region)
    return Response.json({"aws_access_key_id": found.aws_access_key_id, "aws_secret_key": found.aws_secret_key}, 201)


def _mws_authorize(world: World, name: str, told: ForMwsDeveloper) -> Response:
    seller = _find(world.state.sellers, name, "seller")
    return Response.json(
        _mws(seller, mws_tokens.authorize(world, seller, told.application_name, told.developer_number)), 201
    )


def _mws_change(act: Callable[[World, Seller, str], MwsToken]) -> Callable[[World, str, MwsNumber], Response]:
    def change(world: World, name: str, told: MwsNumber) -> Response:
        seller = _find(world.state.sellers, name, "seller")
        return Response.json(_mws(seller, act(world, seller, told.developer_number)))

    return change


def _mws(seller: Seller, token: MwsToken) -> dict[str, Any]:
    return {
        "seller_id": seller.seller_id, "marketplace_ids": seller.marketplace_ids, "mws_auth_token": token.token,
        "expires_at": text(token.expires_at), "standing": token.standing,
    }  # fmt: skip


def _catalogue(world: World, told: list[NewProduct]) -> Response:
    for entry in told:
        _known_sites([*entry.marketplace_ids, *entry.reference_prices, *filter(None, entry.restricted)])
        world.catalogue.put(
            Product(
                **{
                    **msgspec.structs.asdict(entry),
                    "restricted": dict(entry.restricted),
                    "reference_prices": {s: coins(_amount(p), s) for s, p in entry.reference_prices.items()},
                    "competitors": _competitors(entry.competitors),
                }
            )
        )
    return Response.json({"catalogue": len(world.state.catalogue)}, 201)


def _competitors(told: list[NewCompetitor]) -> list[Competitor]:
    _known_sites([c.marketplace_id for c in told])
    return [
        Competitor(
            c.marketplace_id, c.seller_id, coins(_amount(c.price), c.marketplace_id),
            coins(_amount(c.shipping), c.marketplace_id), c.by_amazon, c.condition,
        )
        for c in told
    ]  # fmt: skip


def _known_sites(sites: list[str]) -> None:
    for site in sites:
        if site not in SITES:
            raise Refusal(f"{site[:50]!r} is no marketplace; write an id such as A13V1IB3VIYZZH")


def _compete(world: World, asin: str, told: list[NewCompetitor]) -> Response:
    product = _find(world.state.catalogue, asin, "ASIN")
    before = product.competitors
    product.competitors = _competitors(told)
    for site in dict.fromkeys(c.marketplace_id for c in (*before, *product.competitors)):
        competition.changed(world, asin, site)
    return Response.json({"asin": asin, "competitors": len(product.competitors)})


def _listings(world: World, told: list[NewListing]) -> Response:
    return Response.json([listing_state(put_listing(world, entry)) for entry in told], 201)


def put_listing(world: World, told: NewListing) -> Listing:
    """One listing in its place. Raises Refusal."""
    seller = _find(world.state.sellers, told.seller_id, "seller")
    if told.marketplace_id not in seller.marketplace_ids:
        raise Refusal(f"a listing's marketplace_id is one of its seller's: {', '.join(seller.marketplace_ids)}")
    site = told.marketplace_id
    price, business, low, high = (
        coins(_amount(p.amount), site) if p else None
        for p in (told.price, told.business_price, told.minimum_price, told.maximum_price)
    )
    return put_in_place(
        world, seller, told.sku, site, asin=told.asin, ean=told.ean, title=told.title, product_type=told.product_type,
        quantity=told.quantity, price=price, business_price=business, by_amazon=told.fulfilled_by == "AMAZON",
        handling_days=told.handling_days, condition=told.condition, minimum_price=low, maximum_price=high,
    )  # fmt: skip


def _new_order(world: World, told: NewOrder) -> Response:
    programs = (("PRIME", told.prime), ("AMAZON_BUSINESS", told.business), ("IN_STORE_PICK_UP", told.pickup))
    order = trade.buy(
        world, _find(world.state.sellers, told.seller_id, "seller"), told.marketplace_id, [_wanted(item) for item in told.items],
        pending_seconds=told.pending_seconds, available_seconds=told.available_seconds, fulfilled_by=told.fulfilled_by,
        shipping=None if told.shipping is None else _amount(told.shipping), programs=[p for p, on in programs if on],
        tax=told.tax, cash_on_delivery=told.cash_on_delivery, tax_scheme=told.tax_scheme,
    )  # fmt: skip
    return Response.json(order_state(order), 201)


def _wanted(item: Item) -> trade.Wanted:
    return trade.Wanted(
        item.sku, item.quantity, None if item.shipping is None else _amount(item.shipping), _amount(item.discount),
        _amount(item.shipping_discount), _amount(item.gift_wrap), item.gift_message, _amount(item.cod_fee),
        None if item.tax is None else _amount(item.tax),
    )  # fmt: skip


def _order(world: World, name: str) -> Order:
    return _find(world.state.orders, name, "order")


def _cancel(world: World, name: str, told: Cancellation) -> Response:
    order = _order(world, name)
    trade.cancel(world, order, told.reason, by=told.by, items=told.items)
    return Response.json(order_state(order))


def _request_cancellation(world: World, name: str, told: Reason) -> Response:
    order = _order(world, name)
    trade.request_cancellation(world, order, told.reason)
    return Response.json(order_state(order))


def _deliver(world: World, name: str, told: Delivery) -> Response:
    order = _order(world, name)
    trade.deliver(world, order, told.package)
    return Response.json(order_state(order))


def _return(world: World, name: str, told: Return) -> Response:
    order = _order(world, name)
    trade.return_pieces(world, order, told.pieces, told.reason)
    return Response.json(order_state(order))


def _refund(world: World, name: str, told: Refund) -> Response:
    order = _order(world, name)
    items = told.items
    trade.refund(
        world, order,
        None if items is None else {i: {p: _amount(a) for p, a in parts.items()} for i, parts in items.items()},
    )  # fmt: skip
    return Response.json(order_state(order))


def _new_fault(world: World, told: NewFault) -> Response:
    if told.kind not in faults.KINDS:
        raise Refusal(f"kind is one of {', '.join(faults.KINDS)}")
    world.state.faults.append(Fault(**msgspec.structs.asdict(told)))
    return Response.json({"faults": len(world.state.faults)}, 201)


def _mend(world: World) -> Response:
    world.state.faults.clear()
    world.state.omitted.clear()
    return Response.json({"faults": 0})


def _requests(world: World) -> Response:
    return Response.json([{k: v for k, v in row.items() if k != "answer"} for row in world.requests])


def _mails(world: World) -> Response:
    return Response.json([{**msgspec.to_builtins(m), "at": text(m.at)} for m in world.state.mails])


def _messages(world: World, name: str) -> Response:
    """What lies in the queue of a destination, oldest first."""
    destination = _find(world.state.destinations, name, "destination")
    found = [m for m in notify.kept(world) if m.destination_id == destination.destination_id]
    return Response.json([{"message_id": m.message_id, "at": text(m.at), "body": m.body} for m in found])


def _received(world: World, name: str, told: Received) -> Response:
    """The consumer is done with these: a queue keeps what nobody deleted, and gives it again."""
    number, gone = _find(world.state.destinations, name, "destination").destination_id, set(told.message_ids)
    before = len(world.state.messages)
    world.state.messages[:] = [
        m for m in world.state.messages if m.destination_id != number or (gone and m.message_id not in gone)
    ]
    return Response.json({"deleted": before - len(world.state.messages)})


def _application_messages(world: World, name: str) -> Response:
    """What lies in an application's own queue (new secrets), oldest first."""
    application = _find(world.state.applications, name, "application")
    found = [m for m in notify.kept(world) if not m.destination_id and m.application_id == application.application_id]
    return Response.json([{"message_id": m.message_id, "at": text(m.at), "body": m.body} for m in found])


CONTROLS = (
    Control("GET", "state", None, _state, "Everything countable, without secrets"),
    Control("GET", "clock", None, _clock_now, "The box's time"),
    Control("POST", "clock", ClockMove, _clock, "Move the clock forward, or let a real one run faster"),
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
    Control("POST", "catalogue", list[NewProduct], _catalogue, "Products of Amazon's catalogue"),
    Control("POST", "catalogue/{asin}/competitors", list[NewCompetitor], _compete, "All offers of others on an ASIN"),
    Control("POST", "listings", list[NewListing], _listings, "A seller's listings, put in place directly"),
    Control("POST", "orders", NewOrder, _new_order, "A buyer buys; 409 with the reason where it cannot be"),
    Control(
        "POST", "orders/{id}/cancel", Cancellation, _cancel, "Buyer, seller or Amazon end it before it was shipped"
    ),
    Control(
        "POST", "orders/{id}/request-cancellation", Reason, _request_cancellation, "The buyer asks the seller to cancel"
    ),
    Control("POST", "orders/{id}/deliver", Delivery, _deliver, "The buyer has what is under way"),
    Control("POST", "orders/{id}/return", Return, _return, "Pieces come back"),
    Control("POST", "orders/{id}/refund", Refund, _refund, "Money goes back to the buyer"),
    Control("POST", "faults", NewFault, _new_fault, "A misfortune, by operation, seller, probability and count"),
    Control("DELETE", "faults", None, _mend, "No misfortunes any more"),
    Control("GET", "requests", None, _requests, "The requests received, without secrets"),
    Control("GET", "mails", None, _mails, "Mails Amazon would have sent"),
    Control("GET", "destinations/{id}/messages", None, _messages, "The queue of a notification destination"),
    Control("DELETE", "destinations/{id}/messages", Received, _received, "Messages that were received leave the queue"),
)


def _application(a: Application) -> dict[str, Any]:
    return {
        "application_id": a.application_id, "name": a.name, "kind": a.kind, "client_id": a.client_id,
        "client_secret": a.client_secret, "client_secret_expires_at": text(a.secret_expires_at),
        "redirect_uris": a.redirect_uris, "login_uri": a.login_uri, "roles": a.roles,
    }  # fmt: skip


def _seller(s: Seller) -> dict[str, Any]:
    return {
        "seller_id": s.seller_id, "name": s.name, "email": s.email, "region": s.region, "marketplace_ids": s.marketplace_ids,
        "professional": s.professional, "active": s.active,
    }  # fmt: skip


def listing_state(x: Listing) -> dict[str, Any]:
    return {
        "seller_id": x.seller_id, "sku": x.sku, "asin": x.asin, "title": x.title, "marketplace_ids": x.marketplace_ids,
        "availability": x.availability, "prices": {s: str(p) for s, p in x.prices.items()},
        "business_prices": {s: str(p) for s, p in x.business_prices.items()}, "attributes": x.attributes,
        "complete": x.complete, "condition": x.condition, "fba_quantity": x.fba_quantity, "issues": x.issues,
    }  # fmt: skip


def order_state(o: Order) -> dict[str, Any]:
    return {
        "order_id": o.order_id, "seller_id": o.seller_id, "marketplace_id": o.marketplace_id, "status": o.status,
        "fulfilled_by": o.fulfilled_by, "created_at": text(o.created_at), "total": str(trade.total(o)), "currency": o.currency,
        "items": [
            {
                "item_id": line.item_id, "sku": line.sku, "quantity": line.quantity, "shipped": line.shipped,
                "cancelled": line.cancelled, "returned": line.returned, "refunded": str(line.refunded),
            }
            for line in o.lines
        ],
        "seller_order_id": o.seller_order_id, "programs": o.programs, "together": o.together,
        "cancellation_requested": o.cancellation_requested_at is not None, "possible": list(trade.possible(o)),
        "packages": {n: {"carrier": p.carrier, "tracking": p.tracking} for n, p in o.packages.items()},
    }  # fmt: skip


def state(world: World) -> dict[str, Any]:
    """Everything countable, without secrets."""
    now = world.now()
    told: State = world.state
    return {
        "now": text(now),
        "applications": [
            {k: v for k, v in _application(a).items() if k != "client_secret"} for a in told.applications.values()
        ],
        "sellers": [_seller(s) for s in told.sellers.values()],
        "authorizations": [
            {
                "application_id": g.application_id, "seller_id": g.seller_id, "granted_at": text(g.granted_at),
                "expires_at": text(g.expires_at) if g.expires_at else None, "lives": g.lives(now),
            }
            for g in told.authorizations
        ],
        "listings": [listing_state(x) for shelf in told.listings.values() for x in shelf.values()],
        "orders": [order_state(o) for o in told.orders.values()],
        "feeds": [
            {"feed_id": f.feed_id, "seller_id": f.seller_id, "feed_type": f.feed_type, "status": f.status}
            for f in told.feeds.values()
        ],
        "reports": [
            {"report_id": r.report_id, "seller_id": r.seller_id, "report_type": r.report_type, "status": r.status}
            for r in told.reports.values()
        ],
        "mails": len(told.mails),
        "messages": len(told.messages),
    }  # fmt: skip
