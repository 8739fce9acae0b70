"""The control panel for people: see the world, place an order, move the clock, revoke, with plain forms."""

from html import escape
from urllib.parse import urlsplit

from forain_box import trade
from forain_box.http import Request, Response
from forain_box.page import page
from forain_box.state import Seller
from forain_box.words import language, say
from forain_box.world import Refusal, World


def answer(world: World, request: Request) -> Response:
    lang = language(request)
    told = ""
    if request.method == "POST":
        origin = request.headers.get("origin", "")
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            return page(lang, say(lang, "panel"), "<p>403</p>", 403)
        try:
            _act(world, request.form())
        except Refusal as refusal:
            told = f"<section><strong>{escape(str(refusal))}</strong></section>"
        else:
            return Response.redirect(f"/box/?lang={lang}")
    return page(lang, say(lang, "panel"), told + _state(world, lang))


def _act(world: World, form: dict[str, str]) -> None:
    match form.get("action"):
        case "advance":
            try:
                days = float(form.get("days", "0"))
                world.clock.advance(days * 86400)
            except (ValueError, OverflowError):
                raise Refusal("days is a number, 0 or more") from None
            world.settle()
        case "buy":
            trade.buy(world, _seller(world, form), form.get("marketplace_id", ""), [(form.get("sku", ""), 1)])
        case "revoke" | "deactivate" | "reactivate" as action:
            seller = _seller(world, form)
            if action == "revoke":
                world.revoke(seller, None)
            else:
                seller.active = action == "reactivate"
        case _:
            raise Refusal("the panel knows no such button")


def _seller(world: World, form: dict[str, str]) -> Seller:
    seller = world.state.sellers.get(form.get("seller_id", ""))
    if seller is None:
        raise Refusal("there is no such seller")
    return seller


def _button(lang: str, action: str, label: str, plain: bool = False, **values: str) -> str:
    hidden = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in values.items())
    style = ' class="plain"' if plain else ""
    return (
        f'<form class="inline" method="post" action="/box/?lang={lang}">{hidden}'
        f'<button{style} name="action" value="{action}">{escape(label)}</button></form>'
    )


def _state(world: World, lang: str) -> str:
    parts = [
        f"<section><h2>{escape(say(lang, 'clock'))}</h2><p>{world.now():%Y-%m-%d %H:%M:%S} UTC</p>"
        f'<form method="post" action="/box/?lang={lang}"><input name="days" type="number" min="0" step="any" value="1" '
        f'aria-label="{escape(say(lang, "advance"))}"> <button name="action" value="advance">{escape(say(lang, "advance"))}</button>'
        "</form></section>"
    ]
    sellers = "".join(
        f"<tr><td>{escape(s.name)}<br><small>{escape(s.seller_id)}</small></td><td>{escape(s.region.upper())}</td><td>"
        + _button(lang, "revoke", say(lang, "revoke"), True, seller_id=s.seller_id)
        + _button(
            lang, *(("deactivate", say(lang, "deactivate")) if s.active else ("reactivate", say(lang, "reactivate"))), True,
            seller_id=s.seller_id,
        )
        + "</td></tr>"
        for s in world.state.sellers.values()
    )  # fmt: skip
    parts.append(f"<section><h2>{escape(say(lang, 'sellers'))}</h2><table>{sellers}</table></section>")
    shelf = [x for rows in world.state.listings.values() for x in rows.values()]
    listings = "".join(
        f"<tr><td>{escape(x.sku)}<br><small>{escape(x.title)}</small></td>"
        f"<td>{escape(', '.join(f'{c} {q}' for c, q in x.availability.items()))}</td>"
        f"<td>{escape(', '.join(str(p) for p in x.prices.values()))}</td><td>"
        + _button(
            lang, "buy", say(lang, "place_order"), seller_id=x.seller_id, sku=x.sku, marketplace_id=x.marketplace_ids[0]
        )
        + "</td></tr>"
        for x in shelf[:60]
    )
    heads = "".join(f"<th>{escape(say(lang, k))}</th>" for k in ("listings", "quantity", "price"))
    parts.append(f"<section><table><tr>{heads}<th></th></tr>{listings}</table></section>")
    orders = "".join(
        f"<tr><td>{escape(o.order_id)}</td><td>{escape(o.status)}</td>"
        f"<td>{escape(', '.join(f'{line.quantity} × {line.sku}' for line in o.lines))}</td></tr>"
        for o in list(world.state.orders.values())[-30:][::-1]
    )
    parts.append(f"<section><h2>{escape(say(lang, 'orders'))}</h2><table>{orders}</table></section>")
    calls = "".join(
        f"<tr><td>{escape(r['time'])}</td><td>{escape(r['method'])} {escape(r['path'])}</td><td>{r['status']}</td></tr>"
        for r in list(world.requests)[-25:][::-1]
    )
    parts.append(f"<section><h2>{escape(say(lang, 'requests'))}</h2><table>{calls}</table></section>")
    return "".join(parts)
