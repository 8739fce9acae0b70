"""Manage your apps: applications with their authorizations, and below them the developers of the old interface."""

from datetime import timedelta
from html import escape
from urllib.parse import urlencode

from forain_box import mws_tokens
from forain_box.http import Response
from forain_box.page import table
from forain_box.seller_central import consent, visit
from forain_box.seller_central.visit import Visit
from forain_box.state import Application, Authorization, MwsToken
from forain_box.world import Refusal

SOON = timedelta(days=30)


def manage(here: Visit) -> Response:
    """GET lists; POST acts: `action` with `application_id` or `developer_number`."""
    if here.request.method == "POST":
        application = here.world.state.applications.get(here.asked.get("application_id", ""))
        if application is not None:
            instead = _act(here, application)
            if instead is not None:
                return instead
        elif here.asked.get("developer_number"):
            _act_on_developer(here, here.asked["developer_number"])
        else:
            return visit.refused(here, "unknown_app")
    body = f"<section><h1>{here.say('manage')}</h1>{_applications(here)}</section>{_developers(here)}"
    return visit.page(here, "Seller Central", body)


def _act(here: Visit, application: Application) -> Response | None:
    assert here.seller is not None
    match here.asked.get("action"):
        case "disable":
            here.world.revoke(here.seller, application.application_id)
        case "reauthorize":
            return consent.begin_at_amazon(here, application)
        case "enable":
            # After the end Amazon goes straight to the consent page, without the application's login.
            asked = {"application_id": application.application_id, "seller_id": here.seller.seller_id}
            if application.draft:
                asked["version"] = "beta"
            return Response.redirect(f"{here.address('apps/authorize/consent')}?{urlencode(asked)}")
    return None


def _act_on_developer(here: Visit, number: str) -> None:
    assert here.seller is not None
    acts = {"renew": mws_tokens.reactivate, "deactivate": mws_tokens.deactivate, "delete": mws_tokens.delete}
    act = acts.get(here.asked.get("action", ""))
    if act is not None:
        try:
            act(here.world, here.seller, number)
        except Refusal:
            # Deleted meanwhile, or never there: the list shows what there is.
            return


def _applications(here: Visit) -> str:
    assert here.seller is not None
    rows = []
    for application in here.world.state.applications.values():
        grants = [
            g for g in here.world.state.authorizations
            if g.seller_id == here.seller.seller_id and g.application_id == application.application_id
        ]  # fmt: skip
        if grants:
            rows.append(_row(here, application, max(grants, key=lambda g: g.granted_at)))
    if not rows:
        return f"<p>{here.say('none')}</p>"
    return table([*(here.say(key) for key in ("application", "granted", "ends")), "", ""], rows)


def _row(here: Visit, application: Application, last: Authorization) -> str:
    now = here.world.now()
    lives = last.lives(now)
    soon = lives and last.expires_at is not None and last.expires_at - now <= SOON
    state = "state_dead" if not lives else "state_expiring" if soon else "state_active"
    end = f"{last.expires_at:%Y-%m-%d}" if last.expires_at else here.say("never")
    actions = ("reauthorize", "disable") if lives else ("enable",)
    name = f"<input type='hidden' name='application_id' value='{escape(application.application_id)}'>"
    return (
        f"<tr><td>{escape(application.name)}</td><td>{last.granted_at:%Y-%m-%d}</td><td>{end}</td>"
        f"<td><span class='{state}'>{here.say(state)}</span></td><td>{_buttons(here, name, actions)}</td></tr>"
    )


def _buttons(here: Visit, names: str, actions: tuple[str, ...]) -> str:
    assert here.seller is not None
    who = f"<input type='hidden' name='seller_id' value='{escape(here.seller.seller_id)}'>"
    return "".join(
        f"<form class='inline' method='post' action='{here.address('apps/manage')}'>{who}{names}"
        f"<button {'class=plain ' if action in ('disable', 'deactivate', 'delete') else ''}name='action' value='{action}'>"
        f"{here.say(action)}</button></form>"
        for action in actions
    )


def _developers(here: Visit) -> str:
    assert here.seller is not None
    tokens = [
        t for t in here.world.state.mws_tokens if t.seller_id == here.seller.seller_id and t.standing != "deleted"
    ]
    rows = [_developer_row(here, token) for token in tokens]
    heads = [*(here.say(key) for key in ("developer", "developer_number", "mws_token", "ends")), "", ""]
    shown = table(heads, rows) if rows else f"<p>{here.say('no_developer')}</p>"
    button = f"<p><a class='button' href='{here.address('user-permissions/new-developer')}'>{here.say('new_developer')}</a></p>"
    return f"<section><h2>{here.say('developers')}</h2>{shown}{button}</section>"


def _developer_row(here: Visit, token: MwsToken) -> str:
    now = here.world.now()
    developer = here.world.state.mws_developers[token.developer_number]
    lives = mws_tokens.lives(token, now)
    state = "state_dead" if not lives else "state_expiring" if token.expires_at - now <= SOON else "state_active"
    number = f"<input type='hidden' name='developer_number' value='{escape(token.developer_number)}'>"
    actions = ("renew", "deactivate", "delete") if lives else ("renew", "delete")
    return (
        f"<tr><td>{escape(developer.name)}</td><td>{escape(token.developer_number)}</td><td><code>{escape(token.token)}</code></td>"
        f"<td>{token.expires_at:%Y-%m-%d}</td><td><span class='{state}'>{here.say(state)}</span></td>"
        f"<td>{_buttons(here, number, actions)}</td></tr>"
    )
