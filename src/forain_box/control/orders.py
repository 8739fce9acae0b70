"""Controls of orders: what buyers, sellers and Amazon do with them."""

from forain_box import trade
from forain_box.control import shown
from forain_box.control.bodies import Cancellation, Delivery, Item, NewOrder, Reason, Refund, Return
from forain_box.control.call import Control, amount, find
from forain_box.http import Response
from forain_box.state import Order
from forain_box.world import World


def _new_order(world: World, told: NewOrder) -> Response:
    programs = (("PRIME", told.prime), ("AMAZON_BUSINESS", told.business), ("IN_STORE_PICK_UP", told.pickup))
    order = trade.buy(
        world, find(world.state.sellers, told.seller_id, "seller"), told.marketplace_id, [_wanted(item) for item in told.items],
        pending_seconds=told.pending_seconds, available_seconds=told.available_seconds, fulfilled_by=told.fulfilled_by,
        shipping=None if told.shipping is None else amount(told.shipping), programs=[p for p, on in programs if on],
        tax=told.tax, cash_on_delivery=told.cash_on_delivery, tax_scheme=told.tax_scheme,
    )  # fmt: skip
    return Response.json(shown.order(order), 201)


def _wanted(item: Item) -> trade.Wanted:
    return trade.Wanted(
        item.sku, item.quantity, None if item.shipping is None else amount(item.shipping), amount(item.discount),
        amount(item.shipping_discount), amount(item.gift_wrap), item.gift_message, amount(item.cod_fee),
        None if item.tax is None else amount(item.tax),
    )  # fmt: skip


def _order(world: World, name: str) -> Order:
    return find(world.state.orders, name, "order")


def _cancel(world: World, name: str, told: Cancellation) -> Response:
    order = _order(world, name)
    trade.cancel(world, order, told.reason, by=told.by, items=told.items)
    return Response.json(shown.order(order))


def _request_cancellation(world: World, name: str, told: Reason) -> Response:
    order = _order(world, name)
    trade.request_cancellation(world, order, told.reason)
    return Response.json(shown.order(order))


def _deliver(world: World, name: str, told: Delivery) -> Response:
    order = _order(world, name)
    trade.deliver(world, order, told.package)
    return Response.json(shown.order(order))


def _return(world: World, name: str, told: Return) -> Response:
    order = _order(world, name)
    trade.return_pieces(world, order, told.pieces, told.reason)
    return Response.json(shown.order(order))


def _refund(world: World, name: str, told: Refund) -> Response:
    order = _order(world, name)
    items = told.items
    trade.refund(
        world, order,
        None if items is None else {i: {p: amount(a) for p, a in parts.items()} for i, parts in items.items()},
    )  # fmt: skip
    return Response.json(shown.order(order))


CONTROLS = (
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
)
