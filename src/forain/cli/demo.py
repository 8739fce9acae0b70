"""The story of Forain with a simulated Amazon: connected, synchronized, expired, renewed, caught up. Every step is
observed from outside (box, shop folder, pages), never assumed."""

import fcntl
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import click

from forain.cli.browser import Browser
from forain.cli.house import OpenHouse, Web, free_port, open_house
from forain.cli.run import ending
from forain.cli.sample_amazon import FBA_SKU, FR, SELLER, Amazon
from forain.cli.sample_shop import SampleShop
from forain.config.home import forain_home
from forain.config.postgres import discard
from forain_box import Box
from forain_box.server import RunningBox

PASSWORD = "demo-demo-demo"
DAY = 86400.0


class Shop(Protocol):
    """The merchant's shop as the story needs it."""

    def skus(self) -> set[str]: ...
    def free(self, sku: str) -> int: ...
    def price(self, sku: str) -> str: ...
    def change(self, sku: str, by: int) -> None: ...
    def book_orders(self) -> list[str]: ...
    def has(self, reference: str) -> int: ...
    def orders(self) -> set[str]: ...
    def ship(self, reference: str, carrier: str, tracking: str) -> None: ...
    def connect_fields(self) -> dict[str, str]: ...
    def stop(self) -> None: ...


class NotObserved(Exception):
    """A step of the story did not come true in time."""


class Story:
    """Tells steps as they happen, with the seconds since the beginning."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.steps = 0

    def tell(self, text: str) -> None:
        self.steps += 1
        click.echo(f"{time.monotonic() - self.begun:5.1f} s  {text}")

    def until(self, what: str, seen: Callable[[], Any], seconds: float = 20) -> Any:
        """Wait until `seen()` is true and answer it. Raises NotObserved."""
        end = time.monotonic() + seconds
        while True:
            found = seen()
            if found:
                return found
            if time.monotonic() > end:
                raise NotObserved(what)
            time.sleep(0.1)


def run(*, once: bool, shop: str, port: int) -> int:
    """Tell the story; the answer is the exit code: 0 only if every step was observed, 130 when it was cut short."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # SIGTERM ends it as Ctrl-C does: whatever was started is stopped in order.
    signal.signal(signal.SIGTERM, end)
    try:
        return _run(once=once, shop=shop, port=port)
    except KeyboardInterrupt:
        click.echo("cut short; everything is stopped", err=True)
        return 130


def _run(*, once: bool, shop: str, port: int) -> int:
    home = forain_home() / "demo"
    home.mkdir(mode=0o755, exist_ok=True)
    lock = (forain_home() / "demo.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise click.ClickException("another demo is running; end it first") from None
    discard(home)
    for old in home.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    for name in ("DATABASE_URL", "FORAIN_PUBLIC_URL", "FORAIN_HOSTS", "FORAIN_LOCAL_URL", "FORAIN_VAULT_KEYS"):
        os.environ.pop(name, None)
    story = Story()
    port = port or free_port()
    clock_file = home / "clock.json"
    clock_file.write_text("0")
    os.environ["FORAIN_CLOCK_FILE"] = str(clock_file)
    # The box and the sample shop are on this machine.
    os.environ["FORAIN_ALLOW_PRIVATE"] = "localhost"
    box = RunningBox(Box(seed=7, write_delay=(0.3, 1.2))).start()
    house: OpenHouse | None = None
    sample: Shop | None = None
    code = 0
    try:
        house = open_house(home, port=port)
        from forain import wiring
        from forain.engine.worker import Worker

        with Web(port) as web:
            worker = Worker(wiring.deps())
            worker.start()
            story.tell(f"PostgreSQL, market in a box ({box.url}/box/), pages and worker are up")
            try:
                sample = open_shop(shop, home, story)
                codes = tell(story, Amazon(box, clock_file), sample, web.url, port)
                if not once:
                    ended = ending()
                    click.echo(f"\nLook around: {web.url}  (user demo, password {PASSWORD})   Ctrl-C ends everything.")
                    click.echo("Sample buyers are stored, so a second factor is asked for. The story's phone is gone;")
                    click.echo(f"instead of its code one of these recovery codes, each once: {' '.join(codes[:4])}")
                    ended.wait()
            except NotObserved as missing:
                click.echo(f"NOT OBSERVED: {missing}{_standing_still()}", err=True)
                code = 1
            except KeyboardInterrupt:
                click.echo("cut short; stopping ...", err=True)
                code = 130
            finally:
                worker.stop()
    finally:
        if sample is not None:
            sample.stop()
        if house is not None:
            house.stop()
        box.stop()
    return code


def _standing_still() -> str:
    """How the accounts stand, and what of the timetable failed last time, for whoever must find out why."""
    from forain.store import accounts, runs

    told = [f"{row.name}: {row.standing} since {row.doubted_at or row.granted_at}" for row in accounts.every()]
    told += [f"{run.flow} of {run.subject}: {run.error}, due {run.due_at}" for run in runs.troubled()]
    return "".join(f"\n  {line}" for line in told)


def open_shop(kind: str, home: Path, story: Story) -> Shop:
    """The merchant's shop: a folder, or a real Vendure where Node is there."""
    if kind == "files":
        return SampleShop(home / "shop")
    from forain.cli.vendure_shop import NoShop, VendureShop

    click.echo("        a real Vendure from npm (the first time takes half a minute) ...")
    try:
        found = VendureShop(home / "shop")
    except NoShop as reason:
        raise click.ClickException(str(reason)) from None
    story.tell(f"a real Vendure is up: {found.url}")
    return found


def tell(story: Story, amazon: Amazon, shop: Shop, url: str, port: int) -> list[str]:
    """The steps; the answer is the recovery codes of the user of the story. Raises NotObserved."""
    application = amazon.furnish(port)
    browser = Browser()
    codes = come_in(story, browser, url)
    connect(story, browser, amazon, shop, application, url)
    synchronize(story, browser, amazon, shop, url)
    trade(story, amazon, shop)
    expire(story, browser, amazon, shop, application, url)
    review(story, browser, url)
    click.echo(f"{story.steps} steps, each observed, in {time.monotonic() - story.begun:.1f} s")
    return codes


def come_in(story: Story, browser: Browser, url: str) -> list[str]:
    """The owner's one-time link, a password, and a second factor as a phone would learn it: its recovery codes."""
    from forain.store import instance

    browser.get(f"{url}/first/{instance.new_first_link()}")
    browser.submit({"user": "demo", "password": PASSWORD})
    codes = second_factor(browser, url)
    story.tell(f"the owner came in by a one-time link and set up a second factor; {len(codes)} recovery codes")
    return codes


def second_factor(browser: Browser, url: str) -> list[str]:
    """Whoever is logged in sets one up, as a phone would; the answer is the recovery codes. Raises NotObserved."""
    import pyotp

    from forain import wiring

    secret = _between(browser.get(f"{url}/me/second-factor"), "<code>", "</code>").replace(" ", "")
    if not secret:
        raise NotObserved(f"the page of the second factor ({browser.url})")
    browser.submit({"code": pyotp.TOTP(secret).at(wiring.deps().clock.now())})
    codes = re.findall(r"<code>([a-z2-9-]{19})</code>", browser.page)
    if not codes:
        raise NotObserved(f"recovery codes ({browser.url})")
    return codes


def review(story: Story, browser: Browser, url: str) -> None:
    """A year went by: who still needs access?"""
    question = "Who still needs access?"
    story.until("the page asks who still needs access", lambda: question in browser.get(f"{url}/issues"))
    browser.get(f"{url}/people")
    browser.submit({}, f"{url}/people/confirm")
    story.until("the question is answered", lambda: question not in browser.get(f"{url}/issues"))
    story.tell("Forain asked who still needs access; the owner said so, and it asks again in a quarter")


def connect(story: Story, browser: Browser, amazon: Amazon, shop: Shop, application: dict[str, Any], url: str) -> None:
    fields = shop.connect_fields()
    browser.get(f"{url}/shops/add?kind={fields['kind']}")
    browser.submit({"name": "Le Marché de Camille", **{k: v for k, v in fields.items() if k != "kind"}})
    story.until("the shop answers", lambda: "The shop answers" in browser.page)
    story.tell(f"shop connected: {len(shop.skus())} articles")
    browser.get(f"{url}/accounts/add/amazon")
    browser.submit(
        {
            "kind": "public", "name": "Amazon Europe", "client_id": application["client_id"],
            "client_secret": application["client_secret"], "application_id": application["application_id"],
            "region": "EU", "seller_id": SELLER, "refresh_token": "",
            "address.token": f"{amazon.url}/auth/o2/token", "address.api": f"{amazon.url}/eu",
            "address.consent": f"{amazon.url}/seller-central/eu",
        }
    )  # fmt: skip
    browser.submit({}, f"{url}/accounts/1/renew")
    consent(story, browser)
    found = story.until("authorized until", lambda: _between(browser.page, "authorized until ", " "))
    story.tell(f"Amazon's consent page confirmed: authorized until {found}")


def consent(story: Story, browser: Browser) -> None:
    """Amazon's pages: who are you, review, Confirm; then back at Forain."""
    if "Who are you" in browser.page:
        browser.get(f"{browser.url}&seller_id={SELLER}")
    if "Confirm" not in browser.page:
        raise NotObserved(f"Amazon's consent page ({browser.url})")
    browser.submit({"decision": "confirm", "seller_id": SELLER})


def _between(text: str, before: str, after: str) -> str:
    start = text.find(before)
    return "" if start < 0 else text[start + len(before) :].split(after, 1)[0]


def _sentence(page: str, words: str) -> str:
    """The notice of the page that has these words, "" when there is none."""
    return next((s for s in re.findall(r"<strong>(.*?)</strong>", page) if words in s), "")


def out_of_step(amazon: Amazon, shop: Shop) -> list[str]:
    """The offers the merchant fulfils that do not show the shop's stock and price on Amazon, and what each shows."""
    known = shop.skus() - {FBA_SKU}
    found = []
    for sku, listing in amazon.listings().items():
        if sku in known:
            shown = (listing["availability"].get("DEFAULT"), listing["prices"].get(FR))
            wanted = (shop.free(sku), shop.price(sku))
            if shown != wanted:
                found.append(f"{sku}: Amazon {shown[0]} at {shown[1]}, shop {wanted[0]} at {wanted[1]}")
    return found


def until_in_step(story: Story, what: str, amazon: Amazon, shop: Shop) -> None:
    """Wait until every offer is in step. Raises NotObserved with what is not."""
    try:
        story.until(what, lambda: not out_of_step(amazon, shop), 40)
    except NotObserved:
        raise NotObserved("; ".join([what, *out_of_step(amazon, shop)])) from None


def synchronize(story: Story, browser: Browser, amazon: Amazon, shop: Shop, url: str) -> None:
    from django.db.models import F

    from forain.store import models

    before = amazon.listings()
    shown = len(before)
    story.until("all offers compared", lambda: models.Offer.objects.exclude(desired_at=None).count() == shown, 30)
    if amazon.listings() != before:
        raise NotObserved("nothing is sent before a person says yes")
    story.tell(f"{shown} offers compared; the account is read-only, nothing was sent")
    browser.get(f"{url}/accounts/1")
    browser.submit({"answer": "yes"}, f"{url}/accounts/1/sites/{FR}")
    until_in_step(story, "all offers in step on Amazon", amazon, shop)
    waiting = models.Offer.objects.filter(wanted_no__gt=F("settled_no"))
    story.until("every change read back", lambda: not waiting.exists(), 30)
    sent = models.Journal.objects.filter(code="told").count()
    if set(amazon.listings()[FBA_SKU]["availability"]) != {"AMAZON_EU"}:
        raise NotObserved("an SKU fulfilled by Amazon never gets a quantity")
    story.tell(f"said yes for Amazon.fr: {shown} offers compared, {sent} sent, all observed on Amazon")


def trade(story: Story, amazon: Amazon, shop: Shop) -> None:
    order = amazon.buy("LAV-SOAP", 2, pending=60)
    left = amazon.quantity("LAV-SOAP")
    amazon.advance(400)
    story.until("the order in the shop", lambda: shop.has(order) == 1, 30)
    if amazon.order(order)["status"] != "UNSHIPPED":
        raise NotObserved("a pending order waits")
    shop.book_orders()
    time.sleep(1)
    if shop.has(order) != 1 or len(shop.orders()) != 1:
        raise NotObserved("the order is in the shop exactly once")
    story.until("stock stays true", lambda: amazon.quantity("LAV-SOAP") == left == shop.free("LAV-SOAP"))
    story.tell(f"a buyer bought on Amazon: order {order} is in the shop, once")
    shop.change("HONEY-CHEST", -3)
    begun = time.monotonic()
    story.until("stock falls on Amazon", lambda: amazon.quantity("HONEY-CHEST") == shop.free("HONEY-CHEST"), 30)
    story.tell(
        f"somebody bought 3 in the shop: Amazon shows {shop.free('HONEY-CHEST')} after {time.monotonic() - begun:.1f} s"
    )
    shop.ship(order, "Colissimo", "6A00000000042")
    story.until("the shipment on Amazon", lambda: amazon.order(order)["packages"], 30)
    amazon.advance(5)
    story.until("Amazon shows it shipped", lambda: amazon.order(order)["status"] == "SHIPPED", 20)
    story.tell("the shop sent the parcel: Amazon shows the order as shipped")


def rotate(story: Story, browser: Browser, amazon: Amazon, application: dict[str, Any], url: str) -> None:
    """The client secret lives 180 days: a new one in time."""
    fresh = amazon.call("POST", f"applications/{application['application_id']}/rotate", {})
    browser.get(f"{url}/accounts/1")
    browser.submit({"client_secret": fresh["client_secret"]}, f"{url}/accounts/1/secret")
    story.until("the new secret works", lambda: "new client secret works" in browser.page)


def expire(story: Story, browser: Browser, amazon: Amazon, shop: Shop, application: dict[str, Any], url: str) -> None:
    from forain.store import models

    amazon.advance(170 * DAY)
    rotate(story, browser, amazon, application, url)
    amazon.advance(166 * DAY)
    rotate(story, browser, amazon, application, url)
    story.until("a reminder", lambda: models.Journal.objects.filter(code="reminded").exists(), 30)
    days = models.Journal.objects.filter(code="reminded").latest("id").placeholders["days"]
    # The journal has the reminder a moment before the notices are made anew: the page is waited for as well.
    story.until("the page reminds", lambda: "The authorization at Amazon ends on" in browser.get(f"{url}/issues"))
    story.tell(f"336 days later (client secret rotated twice): reminded, {days} days left")
    amazon.advance(30 * DAY)
    story.until("the first refusal", lambda: models.Account.objects.get().standing != "granted", 30)
    amazon.advance(120)
    story.until("expired", lambda: "Stock, prices and orders stand still" in browser.get(f"{url}/"), 30)
    reason = story.until("the page says why", lambda: _sentence(browser.get(f"{url}/issues"), "expired on"), 30)
    story.tell(f"the year is over, Amazon refuses; the page says: {reason}")
    stopped(story, amazon, shop)
    browser.get(f"{url}/accounts/1")
    browser.submit({}, f"{url}/accounts/1/renew")
    consent(story, browser)
    until = story.until("authorized again", lambda: _between(browser.page, "authorized until ", " "))
    story.tell(f"renewed with two clicks: authorized until {until}")
    proof = story.until("caught up", lambda: models.CatchUp.objects.order_by("-id").first(), 40)
    shop.book_orders()
    until_in_step(story, "stock true again", amazon, shop)
    if (proof.missing_before, proof.missing_now) != (2, 0) or len(shop.orders()) != 3:
        raise NotObserved(
            f"2 missing, 0 missing (was {proof.missing_before}, {proof.missing_now}; shop has {len(shop.orders())})"
        )
    story.tell(
        f"caught up: {proof.missing_before} orders were missing, {proof.missing_now} are missing; stock is true again"
    )


def stopped(story: Story, amazon: Amazon, shop: Shop) -> None:
    """While refused: two orders and a stock change happen, and nothing moves."""
    before = amazon.quantity("MUSTARD")
    amazon.buy("OLIVE-OIL-50")
    amazon.buy("NOUGAT", 2)
    shop.change("MUSTARD", -10)
    amazon.advance(600)
    time.sleep(2.5)
    if len(shop.orders()) != 1 or amazon.quantity("MUSTARD") != before:
        raise NotObserved("nothing is written or read while Amazon refuses")
    story.tell("meanwhile two orders and a stock change: orders, stock and prices stand still, nothing is lost")


if __name__ == "__main__":
    sys.exit(run(once=True, shop="files", port=0))
