"""A merchant's year in French, in a real browser: reminded, it is left to expire, what stopped and why, what to ship by
hand, renewed with two clicks, and no order is missing. Screenshots are artefacts."""

import time

import pytest

from forain.cli.demo import out_of_step
from tests.journeys.test_in_a_browser import (
    ARTEFACTS,
    CHROMIUM,
    DAY,
    DESK,
    QUIET,
    album,
    consent,
    forain_up,
    set_up_second_factor,
)
from tests.parts import require_part
from tests.post import SENDER, mailbox

CAMILLE = "camille@shop.example"


@pytest.fixture
def post():
    with mailbox() as box:
        yield box


@pytest.fixture
def live(tmp_path, post):
    with forain_up(tmp_path, FORAIN_MAIL_URL=f"smtp://127.0.0.1:{post.port}", FORAIN_MAIL_FROM=SENDER) as found:
        yield found


def until(seen, seconds=60):
    """Wait for the world outside of the browser; the answer is what was seen."""
    end = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < end
        time.sleep(0.3)
    return found


def test_a_year_in_french(live, post):
    require_part("chromium", CHROMIUM.exists(), "the browser test drives Debian's chromium")
    from playwright.sync_api import sync_playwright

    ARTEFACTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        page = browser.new_page(viewport=DESK, locale="fr")
        page.set_default_timeout(20_000)
        trouble = []
        page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
        Year(page, live, post).live()
        browser.close()
    assert trouble == []


class Year:
    """Its stations, in their order."""

    def __init__(self, page, live, post):
        self.page, self.post = page, post
        self.url, self.first, self.amazon, self.shop, self.port = live
        self.application = self.amazon.furnish(self.port)
        self.keep = album(page)

    def live(self):
        self.come_in()
        self.connect()
        self.reminded()
        waiting = self.expired()
        self.by_hand(waiting)
        self.renewed()

    def picture(self, name):
        """On a desk and on a phone."""
        self.keep(f"year-{name}")
        self.keep(f"year-{name}-phone", phone=True)

    def until_page(self, path, words):
        """Open that page again and again until it has these words."""
        from playwright.sync_api import expect

        self.page.goto(f"{self.url}{path}")
        self.until_there(self.page.get_by_text(words))
        expect(self.page.get_by_text(words).first).to_be_visible()

    def until_there(self, place):
        """Load the page again and again until it has that place."""
        end = time.monotonic() + 60
        while not place.count():
            assert time.monotonic() < end
            time.sleep(0.3)
            self.page.reload()

    def until_gone(self, place):
        """Load the page until it has that place no more."""
        until(lambda: self.page.reload() and not place.count())

    def come_in(self):
        from playwright.sync_api import expect

        self.page.goto(self.first)
        self.page.fill("input[name=user]", "camille")
        self.page.fill("input[name=password]", "a long enough one")
        self.page.click("button.primary")
        expect(self.page.locator("html")).to_have_attribute("lang", "fr")
        set_up_second_factor(self.page, self.url, lambda *told, **more: None)
        self.page.goto(f"{self.url}/me")
        self.page.fill("input[name=mail]", CAMILLE)
        self.page.select_option("select[name=language]", "fr")
        self.page.click("#reminders button:has-text('Enregistrer')")
        expect(self.page.locator(".message.success")).to_be_visible()

    def connect(self):
        """Shop, application, consent, yes for the site; an order comes in and is not shipped yet."""
        from playwright.sync_api import expect

        page, application = self.page, self.application
        page.goto(f"{self.url}/shops/add?kind=files")
        page.fill("input[name=folder]", str(self.shop.folder))
        page.click("button.primary")
        expect(page.locator(".message.success")).to_be_visible()
        page.goto(f"{self.url}/accounts/add/amazon")
        page.check("input[value=public]")
        for name in ("client_id", "client_secret", "application_id"):
            page.fill(f"input[name={name}]", application[name])
        page.fill("input[name=seller_id]", "A1DEMOSELLER01")
        page.fill("input[name=name]", "Amazon Europe")
        page.click("summary")
        for name, address in (("token", "/auth/o2/token"), ("api", "/eu"), ("consent", "/seller-central/eu")):
            page.fill(f"input[name='address.{name}']", self.amazon.url + address)
        page.click("button.primary")
        page.click("#renew button.primary")
        consent(page)
        expect(page.locator(".pill.active").first).to_be_visible()
        self.until_there(page.locator("#sites button[value=yes]"))
        page.click("#sites button[value=yes]")
        until(lambda: not out_of_step(self.amazon, self.shop))

    def rotate(self):
        fresh = self.amazon.call("POST", f"applications/{self.application['application_id']}/rotate", {})
        self.page.goto(f"{self.url}/accounts/1")
        self.page.fill("#secret input[name=client_secret]", fresh["client_secret"])
        self.page.click("#secret button")
        self.page.wait_for_selector(".message.success")

    def mailed(self, words):
        return until(lambda: [mail for mail in self.post.mails if words in mail["Subject"]])[-1]

    def reminded(self):
        """25 days before the end: a mail and the page say so; nobody does anything."""
        self.amazon.advance(170 * DAY)
        self.rotate()
        self.amazon.advance(170 * DAY)
        self.rotate()
        mail = self.mailed("L'autorisation chez Amazon expire le")
        assert mail["To"] == CAMILLE
        assert f"http://127.0.0.1:{self.port}/accounts/1#renew" in mail.get_content()
        self.until_page("/issues", "L'autorisation chez Amazon expire le")
        self.until_gone(self.page.get_by_text("Le secret client de votre application expire"))
        self.picture("reminded")
        self.page.goto(f"{self.url}/authorizations")
        self.picture("authorizations")

    def expired(self):
        """Two orders are in the shop when the year ends, one of them has left the house; then everything stands still."""
        from playwright.sync_api import expect

        self.amazon.advance(24.5 * DAY)
        orders = [self.amazon.buy("LAV-SOAP", 2), self.amazon.buy("NOUGAT")]
        for _ in range(3):
            self.amazon.advance(200)
            time.sleep(1)
        until(lambda: all(self.shop.has(order) for order in orders))
        self.shop.book_orders()
        self.amazon.advance(DAY)
        until(lambda: self.page.goto(self.url) and not self.page.locator(".sync.running").count())
        self.amazon.advance(150)
        self.until_page("/", "L'autorisation chez Amazon a expiré le")
        expect(self.page.locator(".sync.expired")).to_contain_text("l'autorisation a expiré")
        mail = self.mailed("L'autorisation chez Amazon a expiré le")
        assert "Amazon Europe" in mail["Subject"]
        self.shop.ship(orders[1], "Colissimo", "6A00000000042")
        for sku in ("OLIVE-OIL-50", "TAPENADE", "CANDLE"):
            self.amazon.buy(sku)
        self.shop.change("MUSTARD", -10)
        self.amazon.advance(700)
        self.until_page("/", "L'autorisation chez Amazon a expiré le")
        # The worker's last sign of life is of before the ten minutes that passed in one go.
        self.until_gone(self.page.locator(".message.error"))
        self.picture("expired")
        self.page.goto(f"{self.url}/issues")
        self.picture("expired-todo")
        self.page.goto(f"{self.url}/accounts/1")
        self.until_there(self.page.get_by_text("1 colis attend d'être confirmé,"))
        self.picture("expired-account")
        return orders

    def by_hand(self, orders):
        """What to ship and what to confirm by hand, on paper too."""
        from playwright.sync_api import expect

        shipped = self.page.locator("h2:has-text('pas confirmées chez Amazon') + .table")
        self.page.goto(f"{self.url}/accounts/1/by-hand")
        self.until_there(shipped)
        expect(self.page.locator("h2:has-text('À expédier') + .table")).to_contain_text(orders[0])
        expect(shipped).to_contain_text(orders[1])
        self.picture("by-hand")
        self.page.emulate_media(media="print")
        expect(self.page.get_by_text("Amazon Europe")).to_be_visible()
        self.page.pdf(path=str(ARTEFACTS / "year-by-hand.pdf"), format="A4")
        self.page.screenshot(path=str(ARTEFACTS / "year-by-hand-print.png"), full_page=True)
        self.page.emulate_media(media="screen")

    def renewed(self):
        """One click here, one at Amazon; then all is made good, and the page says that nothing is missing."""
        from playwright.sync_api import expect

        page = self.page
        page.goto(f"{self.url}/accounts/1")
        page.click("#renew button.primary")
        page.wait_for_url("**/apps/authorize/consent**")
        self.picture("amazon-consent")
        consent(page)
        expect(page.locator(".sync.running")).to_be_visible()
        expect(page.locator(".message.success")).to_be_visible()
        self.picture("renewed-account")
        until(lambda: self.shop.book_orders() is not None and not out_of_step(self.amazon, self.shop))
        self.until_page("/", "3 commandes manquaient, 0 manque")
        self.picture("renewed")
        assert len(self.shop.orders()) == 5
