"""Seller Central as far as authorizations go: the consent page and "Manage your apps".

Source: developer-docs.amazon.com/sp-api/docs/website-authorization-workflow, .../authorization-errors, read 2026-11-23.
"""

from datetime import timedelta
from html import escape
from urllib.parse import urlencode, urlsplit

from forain_box.http import Request, Response
from forain_box.page import page
from forain_box.state import Application, Code, Seller
from forain_box.words import language, say
from forain_box.world import CODE_LIFE, World

SOON = timedelta(days=30)


def answer(world: World, region: str, request: Request) -> Response:
    match request.parts[2:]:
        case ("apps", "authorize", "consent"):
            return _consent(world, region, request)
        case ("apps", "authorize", "return"):
            return _return(world, region, request)
        case ("apps", "manage"):
            return _manage(world, region, request)
        case _:
            return page(language(request), "Seller Central", "<p>404</p>", 404)


def _refused(request: Request, key: str) -> Response:
    lang = language(request)
    return page(lang, say(lang, "error"), f"<section><p>{escape(say(lang, key))}</p></section>", 400)


def _redirect_of(application: Application, told: str) -> str:
    """The redirect address to use, or the name of Amazon's error."""
    if not application.redirect_uris:
        return "MD9100"
    if told and "#" in told:
        return "MD5110"
    if told and told not in application.redirect_uris:
        return "MD5101"
    return told or application.redirect_uris[0]


def _consent(world: World, region: str, request: Request) -> Response:
    """GET shows, POST decides: `decision` confirm or cancel, `seller_id` says who is signed in."""
    lang = language(request)
    asked = dict(request.query) if request.method == "GET" else {**request.query, **request.form()}
    application = world.state.applications.get(asked.get("application_id", ""))
    if application is None:
        return _refused(request, "unknown_app")
    redirect = _redirect_of(application, asked.get("redirect_uri", ""))
    if not redirect.startswith("http"):
        return _refused(request, redirect)
    if application.draft and asked.get("version") != "beta":
        return _refused(request, "MD1000")
    seller = world.state.sellers.get(asked.get("seller_id", ""))
    if seller is None or seller.region != region:
        return _who(world, region, lang, asked)
    if request.method == "GET":
        return _review(lang, application, seller, asked)
    if asked.get("decision") != "confirm":
        # Amazon calls nobody back after Cancel.
        return page(lang, "Seller Central", f"<section><p>{escape(say(lang, 'cancelled'))}</p></section>")
    return _callback(world, application, seller, redirect, asked.get("state", ""))


def _callback(world: World, application: Application, seller: Seller, redirect: str, state: str) -> Response:
    code = world.token("RH", 18)
    world.state.codes[code] = Code(application.application_id, seller.seller_id, redirect, world.now() + CODE_LIFE)
    joint = "&" if urlsplit(redirect).query else "?"
    query = {"state": state, "selling_partner_id": seller.seller_id, "spapi_oauth_code": code}
    return Response.redirect(f"{redirect}{joint}{urlencode(query)}")


def _hidden(asked: dict[str, str]) -> str:
    kept = ("application_id", "state", "redirect_uri", "version", "lang")
    return "".join(f'<input type="hidden" name="{k}" value="{escape(asked[k])}">' for k in kept if k in asked)


def _who(world: World, region: str, lang: str, asked: dict[str, str]) -> Response:
    options = "".join(
        f'<option value="{escape(s.seller_id)}">{escape(s.name)} ({escape(s.seller_id)})</option>'
        for s in world.state.sellers.values() if s.region == region
    )  # fmt: skip
    body = (
        f"<section><h1>{escape(say(lang, 'sign_in'))}</h1><form method='get'>{_hidden(asked)}"
        f"<select name='seller_id'>{options}</select> <button>{escape(say(lang, 'continue'))}</button></form></section>"
    )
    return page(lang, "Seller Central", body)


def _review(lang: str, application: Application, seller: Seller, asked: dict[str, str]) -> Response:
    roles = "".join(f"<li>{escape(role)}</li>" for role in sorted(application.roles))
    body = (
        f"<section><h1>{escape(say(lang, 'authorize', app=application.name))}</h1>"
        f"<p>{escape(say(lang, 'review', app=application.name, seller=seller.name))}</p>"
        f"<h2>{escape(say(lang, 'roles'))}</h2><ul>{roles}</ul><form method='post'>{_hidden(asked)}"
        f"<input type='hidden' name='seller_id' value='{escape(seller.seller_id)}'>"
        f"<button name='decision' value='confirm'>{escape(say(lang, 'confirm'))}</button> "
        f"<button class='plain' name='decision' value='cancel'>{escape(say(lang, 'cancel'))}</button></form></section>"
    )
    return page(lang, "Seller Central", body)


def _manage(world: World, region: str, request: Request) -> Response:
    lang = language(request)
    asked = {**request.query, **(request.form() if request.method == "POST" else {})}
    seller = world.state.sellers.get(asked.get("seller_id", ""))
    if seller is None or seller.region != region:
        return _who(world, region, lang, {"lang": lang})
    if request.method == "POST":
        application = world.state.applications.get(asked.get("application_id", ""))
        if application is None:
            return _refused(request, "unknown_app")
        if asked.get("action") == "disable":
            world.revoke(seller, application.application_id)
        elif asked.get("action") == "reauthorize":
            return _reauthorize(world, region, request, application, seller)
    rows = []
    for application in world.state.applications.values():
        grants = [
            g for g in world.state.authorizations
            if g.seller_id == seller.seller_id and g.application_id == application.application_id
        ]  # fmt: skip
        if grants:
            last = max(grants, key=lambda g: g.granted_at)
            lives = last.lives(world.now())
            soon = lives and last.expires_at is not None and last.expires_at - world.now() <= SOON
            state = "state_dead" if not lives else "state_expiring" if soon else "state_active"
            end = f"{last.expires_at:%Y-%m-%d}" if last.expires_at else say(lang, "never")
            buttons = "".join(
                f"<form class='inline' method='post'><input type='hidden' name='seller_id' value='{escape(seller.seller_id)}'>"
                f"<input type='hidden' name='application_id' value='{escape(application.application_id)}'>"
                f"<button {'class=plain ' if action == 'disable' else ''}name='action' value='{action}'>"
                f"{escape(say(lang, action))}</button></form>"
                for action in ("reauthorize", "disable")
            )
            rows.append(
                f"<tr><td>{escape(application.name)}</td><td>{last.granted_at:%Y-%m-%d}</td><td>{escape(end)}</td>"
                f"<td>{escape(say(lang, state))}</td><td>{buttons}</td></tr>"
            )
    heads = "".join(f"<th>{escape(say(lang, key))}</th>" for key in ("application", "granted", "ends"))
    table = f"<table><tr>{heads}<th></th><th></th></tr>{''.join(rows)}</table>" if rows else escape(say(lang, "none"))
    return page(lang, "Seller Central", f"<section><h1>{escape(say(lang, 'manage'))}</h1>{table}</section>")


def _reauthorize(world: World, region: str, request: Request, application: Application, seller: Seller) -> Response:
    """Amazon starts: the browser goes to the application's login address, which sends it back to us."""
    if not application.login_uri:
        return _refused(request, "MD9100")
    back = f"{request.origin}/seller-central/{region}/apps/authorize/return"
    ticket = world.token("as-", 20)
    world.state.arrivals[ticket] = (application.application_id, seller.seller_id)
    query = {"amazon_callback_uri": back, "amazon_state": ticket, "selling_partner_id": seller.seller_id}
    if application.draft:
        query["version"] = "beta"
    return Response.redirect(f"{application.login_uri}?{urlencode(query)}")


def _return(world: World, region: str, request: Request) -> Response:
    found = world.state.arrivals.pop(request.query.get("amazon_state", ""), None)
    if found is None:
        return _refused(request, "error")
    application, seller = world.state.applications[found[0]], world.state.sellers[found[1]]
    redirect = _redirect_of(application, request.query.get("redirect_uri", ""))
    if not redirect.startswith("http"):
        return _refused(request, redirect)
    asked = {"application_id": application.application_id, "state": request.query.get("state", ""), "redirect_uri": redirect,
             "seller_id": seller.seller_id}  # fmt: skip
    if application.draft:
        asked["version"] = "beta"
    return Response.redirect(f"/seller-central/{region}/apps/authorize/consent?{urlencode(asked)}")
