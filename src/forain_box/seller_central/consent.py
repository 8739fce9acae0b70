"""The consent page an application sends its sellers to, and the way back from its login address.

Source: developer-docs.amazon.com/sp-api/docs/website-authorization-workflow, .../authorization-errors, read 2026-11-23.
"""

from html import escape
from urllib.parse import urlencode, urlsplit

from forain_box.http import Response
from forain_box.seller_central import visit
from forain_box.seller_central.visit import Visit
from forain_box.state import Application, Code
from forain_box.world import CODE_LIFE

CARRIED = ("application_id", "state", "redirect_uri", "version", "lang")


def consent(here: Visit) -> Response:
    """GET shows, POST decides: `decision` confirm or cancel."""
    application = here.world.state.applications.get(here.asked.get("application_id", ""))
    if application is None:
        return visit.refused(here, "unknown_app")
    redirect = _redirect_of(application, here.asked.get("redirect_uri", ""))
    if not redirect.startswith("http"):
        return visit.refused(here, redirect)
    if application.draft and here.asked.get("version") != "beta":
        return visit.refused(here, "MD1000")
    if here.seller is None:
        return visit.who(here, CARRIED)
    if not here.primary:
        return visit.refused(here, "SPDC8143")
    if here.world.over_limit(application, here.seller, by_consent=True):
        return visit.refused(here, "CONSENT_LIMIT_REACHED")
    if here.request.method == "GET":
        return _review(here, application)
    if here.asked.get("decision") != "confirm":
        # Amazon calls nobody back after Cancel.
        return visit.page(here, "Seller Central", f"<section><p>{here.say('cancelled')}</p></section>")
    return _callback(here, application, redirect)


def _redirect_of(application: Application, told: str) -> str:
    """The redirect address to use, or the name of Amazon's error."""
    if not application.redirect_uris:
        return "MD9100"
    if told and "#" in told:
        return "MD5110"
    if told and told not in application.redirect_uris:
        return "MD5101"
    return told or application.redirect_uris[0]


def _review(here: Visit, application: Application) -> Response:
    assert here.seller is not None
    roles = "".join(f"<li>{escape(role)}</li>" for role in application.roles)
    days = "review" if application.authorization_days else "review_endless"
    body = (
        f"<section><h1>{here.say('authorize', app=application.name)}</h1>"
        f"<p>{here.say(days, app=application.name, seller=here.seller.name, days=str(application.authorization_days))}</p>"
        f"<h2>{here.say('roles')}</h2><ul>{roles}</ul><form method='post'>{visit.hidden(here.asked, CARRIED)}"
        f"<input type='hidden' name='seller_id' value='{escape(here.seller.seller_id)}'>"
        f"<button name='decision' value='confirm'>{here.say('confirm')}</button> "
        f"<button class='plain' name='decision' value='cancel'>{here.say('cancel')}</button></form></section>"
    )
    return visit.page(here, "Seller Central", body)


def _callback(here: Visit, application: Application, redirect: str) -> Response:
    assert here.seller is not None
    world = here.world
    code = world.token("RH", 18)
    end = world.now() + CODE_LIFE
    world.state.codes[code] = Code(application.application_id, here.seller.seller_id, redirect, end)
    query = {
        "state": here.asked.get("state", ""),
        "selling_partner_id": here.seller.seller_id,
        "spapi_oauth_code": code,
    }
    if not query["state"]:
        # A consent that the seller began at Amazon after the end of the former one carries no state of the application.
        del query["state"]
    joint = "&" if urlsplit(redirect).query else "?"
    return Response.redirect(f"{redirect}{joint}{urlencode(query)}")


def begin_at_amazon(here: Visit, application: Application) -> Response:
    """Amazon starts: the browser goes to the application's login address, which sends it back to us."""
    assert here.seller is not None
    if not application.login_uri:
        return visit.refused(here, "MD9100")
    ticket = here.world.token("as-", 20)
    here.world.state.arrivals[ticket] = (application.application_id, here.seller.seller_id)
    query = {
        "amazon_callback_uri": f"{here.request.origin}{here.address('apps/authorize/return')}",
        "amazon_state": ticket,
        "selling_partner_id": here.seller.seller_id,
    }
    if application.draft:
        query["version"] = "beta"
    joint = "&" if urlsplit(application.login_uri).query else "?"
    return Response.redirect(f"{application.login_uri}{joint}{urlencode(query)}")


def returned(here: Visit) -> Response:
    """The application's login address sent the browser back: on to the consent page."""
    arrival = here.world.state.arrivals.pop(here.request.query.get("amazon_state", ""), None)
    if arrival is None:
        return visit.refused(here, "unknown_app")
    application_id, seller_id = arrival
    asked = {k: v for k, v in here.request.query.items() if k in ("state", "redirect_uri", "version")}
    asked |= {"application_id": application_id, "seller_id": seller_id}
    if here.world.state.applications[application_id].draft:
        asked["version"] = "beta"
    return Response.redirect(f"{here.address('apps/authorize/consent')}?{urlencode(asked)}")
