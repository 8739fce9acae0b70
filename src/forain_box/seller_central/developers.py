"""The old user permissions: authorize a developer of MWS, and copy Seller ID, Marketplace ID and MWS token.

Source: a help page of 2019 for merchants and public pages of that time, read 2026-11-23.
"""

from html import escape

from forain_box import mws_tokens
from forain_box.http import Response
from forain_box.seller_central import visit
from forain_box.seller_central.visit import Visit
from forain_box.sites import SITES
from forain_box.world import Refusal


def permissions(here: Visit) -> Response:
    assert here.seller is not None
    user = here.say("primary_user" if here.primary else "secondary_user")
    body = (
        f"<section><h1>{here.say('user_permissions')}</h1><div class='wide'><table><tr><td>{escape(here.seller.name)}</td>"
        f"<td>{escape(here.seller.email)}</td><td>{user}</td></tr></table></div></section>"
        f"<section><h2>{here.say('third_party')}</h2><p>{here.say('third_party_text')}</p>"
        f"<p><a class='button' href='{here.address('apps/manage')}'>{here.say('visit_manage')}</a></p></section>"
    )
    return visit.page(here, "Seller Central", body)


def new_developer(here: Visit) -> Response:
    """Step 1: name and number; step 2: the agreement; step 3: what to copy."""
    if not here.primary:
        return visit.refused(here, "SPDC8143")
    if here.request.method != "POST":
        return visit.page(here, "Seller Central", _form(here))
    name, number = here.asked.get("application_name", "").strip(), here.asked.get("developer_number", "").strip()
    assert here.seller is not None
    try:
        mws_tokens.check(here.world, here.seller, name, number)
        if here.asked.get("agreed") != "yes":
            return visit.page(here, "Seller Central", _agreement(here, name, number))
        token = mws_tokens.authorize(here.world, here.seller, name, number)
    except Refusal as refusal:
        return visit.page(here, "Seller Central", _form(here, str(refusal)), 400)
    return visit.page(here, "Seller Central", _result(here, token.token))


def _form(here: Visit, wrong: str = "") -> str:
    # The field's name differs on Amazon's page for the United States.
    field = "application_name_us" if here.region == "na" else "application_name"
    example = "8260-4311-6738" if here.region == "na" else "4141-0616-7444"
    note = f"<p class='wrong' role='alert'>{escape(wrong)}</p>" if wrong else ""
    name, number = (escape(here.asked.get(n, "")) for n in ("application_name", "developer_number"))
    return (
        f"<section><h1>{here.say('new_developer')}</h1>{note}<form method='post'>"
        f"<label>{here.say(field)} <input name='application_name' value='{name}' required></label>"
        f"<label>{here.say('application_number')} <input name='developer_number' value='{number}' placeholder='{example}' required></label>"
        f"<button>{here.say('next')}</button></form></section>"
    )


def _agreement(here: Visit, name: str, number: str) -> str:
    return (
        f"<section><h1>{here.say('new_developer')}</h1><p>{here.say('agreement', app=name)}</p><form method='post'>"
        f"<input type='hidden' name='application_name' value='{escape(name)}'><input type='hidden' name='developer_number' value='{escape(number)}'>"
        f"<label><input type='checkbox' name='agreed' value='yes' required> {here.say('agree')}</label>"
        f"<button>{here.say('next')}</button></form></section>"
    )


def _result(here: Visit, token: str) -> str:
    assert here.seller is not None
    sites = "<br>".join(
        f"<code>{site}</code> {escape(SITES[site][4].removeprefix('www.').capitalize())}"
        for site in here.seller.marketplace_ids
    )
    return (
        f"<section><h1>{here.say('granted_title')}</h1><p>{here.say('copy_these')}</p><table>"
        f"<tr><th>{here.say('seller_id')}</th><td><code>{escape(here.seller.seller_id)}</code></td></tr>"
        f"<tr><th>{here.say('marketplace_id')}</th><td>{sites}</td></tr>"
        f"<tr><th>{here.say('mws_token')}</th><td><code>{escape(token)}</code></td></tr></table>"
        f"<p>{here.say('valid_one_year')}</p></section>"
    )
