"""The control panel for people: every button is one call of the control API, made by a plain form."""

import json
import re
from collections.abc import Callable
from html import escape
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from forain_box import competition, faults, trade
from forain_box.control import api
from forain_box.http import Request, Response, decoded
from forain_box.page import page, table
from forain_box.sites import SITES
from forain_box.state import Application, Listing, Order, Seller
from forain_box.words import LANGUAGES, language, say
from forain_box.world import World

SHOWN = 40
_SECRET = re.compile(r"(Atz[ar]\||Atc\||Atz\.sprdt\||amzn1\.oa2-cs\.|amzn\.mws\.|X-Amz-Signature=)[^\"&\s<]+")


def answer(world: World, request: Request) -> Response:
    """GET shows a tab; POST calls the control its button names, and shows what it said."""
    here = _Panel(world, language(request), request.query.get("tab", "world"))
    if request.method == "POST":
        response = _called(world, request.form())
        if response.status >= 400:
            told = json.loads(response.body).get("error", "")
            return here.page(f"<section class='warn' role='alert'><p>{escape(told)}</p></section>", response.status)
        return Response.redirect(f"/box/?{urlencode({'lang': here.language, 'tab': here.tab})}")
    return here.page()


def _called(world: World, form: dict[str, str]) -> Response:
    """The control named by `method` and `path`, with `body` (JSON) and each field `set.name` put into it."""
    try:
        body = decoded(form.get("body") or "{}", Any)
        for name, value in form.items():
            if name.startswith("set.") and value != "":
                body[name[4:]] = (
                    float(value) if name[4:] in ("advance_seconds", "probability", "seconds", "speed") else value
                )
        if form.get("days"):
            body["advance_seconds"] = float(form["days"]) * 86400
        if form.get("count"):
            body["count"] = int(form["count"])
    except (ValueError, TypeError, AttributeError):
        return Response.json({"error": "a number is written in digits, such as 30"}, 400)
    method, path = form.get("method", "POST"), form.get("path", "")
    parts = ("box", "api", *path.split("/"))
    content = b"" if method == "DELETE" else json.dumps(body).encode()
    return api.answer(world, Request(method, parts, "/" + "/".join(parts), {}, {}, content))


class _Panel:
    """One look at the panel."""

    def __init__(self, world: World, language_code: str, tab: str) -> None:
        self.world, self.language = world, language_code
        self.tabs: dict[str, Callable[[], str]] = {
            "world": self.clock_and_accounts, "listings": self.listings, "orders": self.orders, "faults": self.misfortunes,
            "requests": self.requests,
        }  # fmt: skip
        self.tab = tab if tab in self.tabs else "world"

    def say(self, key: str, **values: str) -> str:
        return escape(say(self.language, key, **values))

    def page(self, above: str = "", status: int = 200) -> Response:
        tabs = "".join(
            f"<a href='/box/?{escape(urlencode({'lang': self.language, 'tab': tab}))}'{' aria-current=page' if tab == self.tab else ''}>"
            f"{self.say(f'tab_{tab}')}</a>"
            for tab in self.tabs
        )
        languages = "".join(
            f"<a href='/box/?{escape(urlencode({'lang': code, 'tab': self.tab}))}'{' aria-current=true' if code == self.language else ''}>"
            f"{code.upper()}</a>"
            for code in LANGUAGES
        )
        bar = f"<nav class='bar'>{tabs}<span class='who'>{self.world.now():%Y-%m-%d %H:%M:%S} UTC</span><span class='languages'>{languages}</span></nav>"
        return page(self.language, say(self.language, "panel"), above + self.tabs[self.tab](), status, above=bar)

    def button(
        self, label: str, path: str, body: dict[str, Any] | None = None, *, plain: bool = True, method: str = "POST"
    ) -> str:
        return self.form(
            path, f"<button{' class=plain' if plain else ''}>{self.say(label)}</button>", body, method=method
        )

    def form(
        self, path: str, inner: str, body: dict[str, Any] | None = None, *, method: str = "POST", inline: bool = True
    ) -> str:
        target = escape(urlencode({"lang": self.language, "tab": self.tab}))
        carried = {"method": method, "path": path, "body": json.dumps(body or {})}
        inputs = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in carried.items())
        return f'<form{" class=inline" if inline else ""} method="post" action="/box/?{target}">{inputs}{inner}</form>'

    def table(self, heads: tuple[str, ...], rows: list[str]) -> str:
        if not rows:
            return f"<p class='soft'>{self.say('nothing')}</p>"
        return table([self.say(key) if key else "" for key in heads], rows)

    # -- tabs

    def clock_and_accounts(self) -> str:
        steps = "".join(
            self.form("clock", f"<button class='plain'>+ {self.say(label)}</button>", {"advance_seconds": seconds})
            for label, seconds in (("an_hour", 3600), ("a_day", 86400), ("a_week", 604800), ("thirty_days", 2592000))
        )
        by_hand = self.form(
            "clock",
            f'<input name="days" type="number" min="0" step="any" value="1" aria-label="{self.say("advance")}"> '
            f"<button>{self.say('advance')}</button>",
        )
        state = self.world.state
        counts = " · ".join(
            f"{self.say(key)}: {number}"
            for key, number in (
                ("sellers", len(state.sellers)), ("listings", sum(len(shelf) for shelf in state.listings.values())),
                ("orders", len(state.orders)), ("feeds", len(state.feeds)), ("reports", len(state.reports)), ("mail", len(state.mails)),
            )
        )  # fmt: skip
        clock = f"<section><h1>{self.say('clock')}</h1><p>{self.world.now():%Y-%m-%d %H:%M:%S} UTC</p>{steps}{by_hand}<p class='soft'>{counts}</p></section>"
        sellers = self.table(
            ("sellers", "region", "authorizations", ""), [self.seller_row(s) for s in state.sellers.values()]
        )
        applications = self.table(
            ("application", "kind", "secret_ends", ""), [self.application_row(a) for a in state.applications.values()]
        )
        return (
            f"{clock}<section><h2>{self.say('sellers')}</h2>{sellers}</section>"
            f"<section><h2>{self.say('applications')}</h2>{applications}</section>"
        )

    def seller_row(self, s: Seller) -> str:
        path, now = f"sellers/{s.seller_id}", self.world.now()
        grants = [g for g in self.world.state.authorizations if g.seller_id == s.seller_id and g.lives(now)]
        lines = "".join(
            f"<div>{escape(self.world.state.applications[g.application_id].name)} → "
            f"{f'{g.expires_at:%Y-%m-%d}' if g.expires_at else self.say('never')}</div>"
            for g in grants[-5:]
        )
        buttons = ""
        if grants:
            buttons += self.button("expire", f"{path}/expire") + self.button("revoke", f"{path}/revoke")
        buttons += self.button(
            *(("deactivate", f"{path}/deactivate") if s.active else ("reactivate", f"{path}/reactivate"))
        )
        buttons += self.button(
            *(
                ("suspend", f"{path}/suspend-listings")
                if not s.suspended_listings
                else ("resume", f"{path}/resume-listings")
            )
        )
        link = f"<a href='/seller-central/{s.region}/home?seller_id={escape(s.seller_id)}'>Seller Central</a>"
        state = "" if s.active else f" <span class='state_dead'>{self.say('deactivated')}</span>"
        return (
            f"<tr><td>{escape(s.name)}{state}<br><small>{escape(s.seller_id)}</small><br>{link}</td><td>{escape(s.region.upper())}</td>"
            f"<td>{lines or self.say('none_yet')}</td><td>{buttons}</td></tr>"
        )

    def application_row(self, a: Application) -> str:
        path = f"applications/{a.application_id}"
        dead = a.secret_expires_at <= self.world.now()
        end = f"<span class='{'state_dead' if dead else 'state_active'}'>{a.secret_expires_at:%Y-%m-%d}</span>"
        buttons = self.button("rotate", f"{path}/rotate") + self.button("expire", f"{path}/expire-secret")
        return (
            f"<tr><td>{escape(a.name)}<br><small>{escape(a.client_id)}</small></td><td>{escape(a.kind)}</td><td>{end}</td>"
            f"<td>{buttons}</td></tr>"
        )

    def listings(self) -> str:
        shelf = islice((x for rows in self.world.state.listings.values() for x in rows.values()), SHOWN)
        heads = ("listings", "quantity", "price", "")
        return f"<section><h1>{self.say('listings')}</h1>{self.table(heads, [self.listing_row(x) for x in shelf])}</section>"

    def listing_row(self, x: Listing) -> str:
        stock = ", ".join(c if q is None else f"{c} {q}" for c, q in x.availability.items())
        buys = "".join(
            self.form(
                "orders", f"<button>{self.say('place_order')} ({escape(SITES[site][0])})</button>",
                {"seller_id": x.seller_id, "marketplace_id": site, "items": [{"sku": x.sku, "quantity": 1}]},
            )
            for site in x.marketplace_ids if competition.buyable(self.world, x, site)
        )  # fmt: skip
        return (
            f"<tr><td><b>{escape(x.sku)}</b><br><small>{escape(x.title)} · {escape(x.seller_id)}</small></td><td>{escape(stock)}</td>"
            f"<td>{escape(', '.join(f'{p} {SITES[s][1]}' for s, p in x.prices.items()))}</td><td>{buys}</td></tr>"
        )

    def orders(self) -> str:
        newest = islice(reversed(self.world.state.orders.values()), SHOWN)
        heads = ("orders", "state", "total", "")
        return (
            f"<section><h1>{self.say('orders')}</h1>{self.table(heads, [self.order_row(o) for o in newest])}</section>"
        )

    def order_row(self, o: Order) -> str:
        buttons = "".join(
            self.button(f"order_{action}", f"orders/{o.order_id}/{action}") for action in trade.possible(o)
        )
        lines = ", ".join(f"{line.quantity} × {line.sku}" for line in o.lines)
        return (
            f"<tr><td>{escape(o.order_id)}<br><small>{escape(lines)}</small></td><td>{escape(o.status)}</td>"
            f"<td class='n'>{trade.total(o)} {escape(o.currency)}</td><td>{buttons}</td></tr>"
        )

    def misfortunes(self) -> str:
        kinds = "".join(f'<option value="{kind}">{kind}: {self.say(f"fault_{kind}")}</option>' for kind in faults.KINDS)
        inner = (
            f'<label>{self.say("misfortune")} <select name="set.kind">{kinds}</select></label>'
            f'<label>{self.say("operation")} <input name="set.operation" placeholder="searchOrders"></label>'
            f'<label>{self.say("probability")} <input name="set.probability" type="number" min="0" max="1" step="any" value="1"></label>'
            f'<label>{self.say("times")} <input name="count" type="number" min="1" placeholder="∞"></label>'
            f'<button>{self.say("break")}</button>'
        )  # fmt: skip
        storm = self.button("storm", "faults", {"kind": "forbidden"}) + self.button(
            "throttle_all", "faults", {"kind": "throttle"}
        )
        rows = [
            f"<tr><td>{escape(f.kind)}</td><td>{escape(f.operation or '*')}</td><td>{f.probability}</td>"
            f"<td>{'∞' if f.count is None else f.count}</td></tr>"
            for f in self.world.state.faults
        ]
        mend = self.button("mend", "faults", plain=False, method="DELETE") if rows else ""
        standing = self.table(("misfortune", "operation", "probability", "times"), rows)
        return (
            f"<section><h1>{self.say('tab_faults')}</h1>{self.form('faults', inner, inline=False)}<p>{storm}</p></section>"
            f"<section><h2>{self.say('standing')}</h2>{standing}{mend}</section>"
        )

    def requests(self) -> str:
        rows = [self.request_row(r) for r in islice(reversed(self.world.requests), SHOWN)]
        return f"<section><h1>{self.say('requests')}</h1>{self.table(('time', 'requests', 'state'), rows)}</section>"

    def request_row(self, r: dict[str, Any]) -> str:
        body = _SECRET.sub(r"\1***", r["answer"].decode("utf-8", "replace"))
        shown = f"<details><summary>{self.say('answer')}</summary><pre>{escape(body)}</pre></details>" if body else ""
        tone = "state_dead" if r["status"] >= 400 or not r["status"] else "state_active"
        return (
            f"<tr><td>{escape(r['time'][11:19])}</td><td>{escape(r['method'])} {escape(r['path'][:120])}<br>"
            f"<small>{escape(r['operation'])} {escape(r['seller'])}</small>{shown}</td>"
            f"<td><span class='{tone}'>{r['status'] or self.say('cut')}</span></td></tr>"
        )
