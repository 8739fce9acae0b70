"""A visit to Seller Central: who is signed in, which site is chosen, in which language; and the frame of its pages."""

from dataclasses import dataclass
from html import escape
from urllib.parse import quote, unquote, urlencode

from forain_box import page as frame
from forain_box.http import Request, Response
from forain_box.sites import SITES
from forain_box.state import Seller
from forain_box.words import LANGUAGES, language, say
from forain_box.world import World

COOKIE = "box-seller"


@dataclass(frozen=True)
class Visit:
    """`asked`: query and form together. `seller` None: nobody of this region is signed in. `primary`: the signed-in
    person is the account's primary user. `site`: the marketplace the switcher shows, "" without a seller."""

    world: World
    region: str
    request: Request
    language: str
    asked: dict[str, str]
    seller: Seller | None
    primary: bool
    site: str

    def say(self, key: str, **values: str) -> str:
        """Words, escaped for HTML."""
        return escape(say(self.language, key, **values))

    def address(self, path: str) -> str:
        return f"/seller-central/{self.region}/{path}"


def of(world: World, region: str, request: Request) -> Visit:
    form = request.form() if request.method == "POST" else {}
    asked = {**request.query, **form}
    kept = dict(part.strip().split("=", 1) for part in request.headers.get("cookie", "").split(";") if "=" in part)
    name, _, rest = unquote(kept.get(f"{COOKIE}-{region}", "")).partition("|")
    user, _, rest = rest.partition("|")
    site, _, spoken = rest.partition("|")
    if "lang" in request.query or spoken not in LANGUAGES:
        spoken = language(request)
    if asked.get("seller_id"):
        name, user = asked["seller_id"], asked.get("user", "primary")
    seller = world.state.sellers.get(name)
    if seller is not None and seller.region != region:
        seller = None
    site = asked.get("site", site)
    if seller is not None and site not in seller.marketplace_ids:
        site = seller.marketplace_ids[0]
    return Visit(world, region, request, spoken, asked, seller, user != "secondary", site if seller else "")


def remembered(here: Visit, response: Response) -> Response:
    if here.seller is not None:
        user = "primary" if here.primary else "secondary"
        value = quote(f"{here.seller.seller_id}|{user}|{here.site}|{here.language}", safe="")
        response.headers["set-cookie"] = (
            f"{COOKIE}-{here.region}={value}; Path=/seller-central/{here.region}; HttpOnly; SameSite=Lax"
        )
    return response


def page(here: Visit, title: str, body: str, status: int = 200) -> Response:
    """`title` is text, `body` HTML."""
    return frame.page(here.language, title, body, status, above=_head(here))


def refused(here: Visit, key: str) -> Response:
    """One of Amazon's error pages."""
    return page(here, say(here.language, "error"), f"<section><p>{here.say(key)}</p></section>", 400)


def _head(here: Visit) -> str:
    languages = " ".join(
        f'<a href="?{escape(urlencode({**here.request.query, "lang": code}))}"'
        f"{' aria-current=true' if code == here.language else ''}>{code.upper()}</a>"
        for code in LANGUAGES
    )
    if here.seller is None:
        return f"<nav class='bar'><span class='languages'>{languages}</span></nav>"
    options = "".join(
        f"<option value='{site}'{' selected' if site == here.site else ''}>{escape(SITES[site][4].removeprefix('www.').capitalize())}</option>"
        for site in here.seller.marketplace_ids
    )
    links = "".join(
        f"<a href='{here.address(path)}'>{here.say(key)}</a>"
        for path, key in (("inventory", "inventory"), ("orders", "orders"), ("mail", "mail"))
    )
    switcher = (
        f"<form method='get' action='{here.address('home')}'><select name='site' aria-label='{here.say('switcher')}'>{options}</select> "
        f"<button class='plain'>{here.say('switch')}</button></form>"
    )
    # Settings opens on hover, and on focus for who has no mouse.
    settings = (
        f"<div class='menu' tabindex='0'><span>{here.say('settings')}</span><div class='drop'>"
        f"<a href='{here.address('user-permissions')}'>{here.say('user_permissions')}</a></div></div>"
    )
    who = f"<span class='who'>{escape(here.seller.name)}</span>"
    return f"<nav class='bar'>{links}{who}{switcher}<span class='languages'>{languages}</span>{settings}</nav>"


def hidden(values: dict[str, str], names: tuple[str, ...]) -> str:
    """Hidden inputs that carry these values on."""
    return "".join(f"<input type='hidden' name='{n}' value='{escape(values[n])}'>" for n in names if n in values)


def who(here: Visit, carried: tuple[str, ...] = ()) -> Response:
    """Sign in: choose the account, and whether as its primary user."""
    options = "".join(
        f"<option value='{escape(s.seller_id)}'>{escape(s.name)} ({escape(s.seller_id)})</option>"
        for s in here.world.state.sellers.values()
        if s.region == here.region
    )
    body = (
        f"<section><h1>{here.say('sign_in')}</h1><form method='get'>{hidden(here.asked, tuple(dict.fromkeys((*carried, 'lang'))))}"
        f"<label>{here.say('account')} <select name='seller_id'>{options}</select></label>"
        f"<label>{here.say('as')} <select name='user'><option value='primary'>{here.say('primary_user')}</option>"
        f"<option value='secondary'>{here.say('secondary_user')}</option></select></label>"
        f"<button>{here.say('continue')}</button></form></section>"
    )
    return page(here, "Seller Central", body)
