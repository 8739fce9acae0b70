"""What a seller looks at: home with what ends soon, mail, orders, inventory. The newest fifty of each."""

import itertools
from datetime import timedelta
from html import escape

from forain_box import trade
from forain_box.http import Response
from forain_box.seller_central import visit
from forain_box.seller_central.visit import Visit

SHOWN = 50
SOON = timedelta(days=30)


def home(here: Visit) -> Response:
    assert here.seller is not None
    now = here.world.now()
    soon = [
        g for g in here.world.state.authorizations
        if g.seller_id == here.seller.seller_id and g.lives(now) and g.expires_at and g.expires_at - now <= SOON
    ]  # fmt: skip
    lines = "".join(
        f"<li>{here.say('ends_soon', app=here.world.state.applications[g.application_id].name, date=f'{g.expires_at:%Y-%m-%d}')} "
        f"<a href='{here.address('apps/manage')}'>{here.say('manage')}</a></li>"
        for g in soon
    )
    note = f"<section class='warn'><ul>{lines}</ul></section>" if lines else ""
    body = f"{note}<section><h1>{here.say('welcome', name=here.seller.name)}</h1><p><code>{escape(here.seller.seller_id)}</code></p></section>"
    return visit.page(here, "Seller Central", body)


def mail(here: Visit) -> Response:
    assert here.seller is not None
    mails = [m for m in here.world.state.mails if m.seller_id == here.seller.seller_id][-SHOWN:][::-1]
    rows = "".join(
        f"<tr><td>{m.at:%Y-%m-%d}</td><td><b>{escape(m.subject)}</b><br>{escape(m.text)}</td></tr>" for m in mails
    )
    return _table(here, "mail", rows)


def orders(here: Visit) -> Response:
    assert here.seller is not None
    found = [
        o for o in itertools.islice(reversed(here.world.state.orders.values()), 5000)
        if o.seller_id == here.seller.seller_id and o.marketplace_id == here.site
    ][:SHOWN]  # fmt: skip
    rows = "".join(
        f"<tr><td>{o.created_at:%Y-%m-%d %H:%M}</td><td>{escape(o.order_id)}</td>"
        f"<td>{escape(', '.join(f'{line.quantity} × {line.sku}' for line in o.lines))}</td>"
        f"<td class='n'>{trade.total(o)} {escape(o.currency)}</td><td>{escape(o.status)}</td></tr>"
        for o in found
    )
    return _table(here, "orders", rows)


def inventory(here: Visit) -> Response:
    assert here.seller is not None
    found = [x for x in here.world.listings_of(here.seller.seller_id) if here.site in x.marketplace_ids][:SHOWN]
    rows = "".join(
        f"<tr><td><b>{escape(x.sku)}</b><br>{escape(x.title)}</td><td>{escape(x.asin)}</td>"
        f"<td class='n'>{escape(', '.join(f'{c}: {q}' if q is not None else c for c, q in x.availability.items()))}</td>"
        f"<td class='n'>{x.prices.get(here.site, '')}</td></tr>"
        for x in found
    )
    return _table(here, "inventory", rows)


def _table(here: Visit, key: str, rows: str) -> Response:
    table = f"<div class='wide'><table>{rows}</table></div>" if rows else f"<p>{here.say('nothing')}</p>"
    return visit.page(here, "Seller Central", f"<section><h1>{here.say(key)}</h1>{table}</section>")
