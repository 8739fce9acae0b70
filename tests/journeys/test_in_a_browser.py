"""The story driven through the pages in a real browser: connect, watch, expire, renew. Screenshots are artefacts."""

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.parts import require_part

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
ARTEFACTS = ROOT / "artefacts"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run"]  # fmt: skip
DAY = 86400.0
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
FAINT = """() => {
  // Texts whose contrast with what lies under them is below WCAG AA (4.5, or 3 for large text).
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = c => c.slice(0, 3).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const under = node => {
    for (; node; node = node.parentElement) {
      const c = rgb(getComputedStyle(node).backgroundColor);
      if (c.length === 3 || c[3] > 0.99) return c;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter(node =>
    [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim()) && node.offsetParent
  ).map(node => {
    const style = getComputedStyle(node), size = parseFloat(style.fontSize);
    const [a, b] = [light(rgb(style.color)), light(under(node))].sort((x, y) => y - x);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 600);
    return [(a + 0.05) / (b + 0.05), large ? 3 : 4.5, node.textContent.trim().slice(0, 40)];
  }).filter(([ratio, least]) => ratio < least);
}"""


@contextmanager
def forain_up(tmp_path, **settings):
    """Forain up with a box, as processes of their own; yields (pages, first link, amazon, shop, port). `settings`: of its
    environment."""
    from forain.cli.sample_amazon import Amazon
    from forain.cli.sample_shop import SampleShop
    from forain_box import Box
    from forain_box.server import RunningBox

    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    clock = home / "clock.json"
    clock.write_text("0")
    box = RunningBox(Box(seed=3, write_delay=(0.2, 0.6))).start()
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "FORAIN_TEST_POSTGRES")}
    environment |= {
        "FORAIN_HOME": str(home),
        "FORAIN_CLOCK_FILE": str(clock),
        "PYTHONPATH": str(ROOT / "src"),
    } | settings
    from forain.cli.house import free_port

    port = free_port()
    up = subprocess.Popen(
        [sys.executable, "-m", "forain.cli", "up", "--port", str(port)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    told = ""
    while "Ctrl-C" not in told:
        line = up.stdout.readline()
        assert line, told
        told += line
    first = re.search(r"http://\S+/first/\S+", told).group()
    amazon = Amazon(box, clock)
    yield f"http://127.0.0.1:{port}", first, amazon, SampleShop(tmp_path / "shop"), port
    up.terminate()
    assert up.wait(40) == 0
    box.stop()


@pytest.fixture
def live(tmp_path):
    with forain_up(tmp_path) as found:
        yield found


def album(page):
    """A function that keeps a picture of the page as it stands, and holds what every page owes."""

    def picture(name, phone=False):
        """Keep a picture; on a desk and on a phone, in light and in dark, all fits and can be read."""
        for wide, size in ((False, PHONE), (True, DESK)):
            page.set_viewport_size(size)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                f"{name} scrolls sideways at {size['width']} pixels"
            )
            gone = page.evaluate(
                "[...document.querySelectorAll('.top a, .top button')].filter(one => one.offsetWidth < 10).length"
            )
            assert gone == 0, f"{name} has no room for something in its head at {size['width']} pixels"
            if wide is not phone:
                page.screenshot(path=str(ARTEFACTS / f"{name}.png"), full_page=True)
        for tone in ("dark", "light"):
            page.emulate_media(color_scheme=tone)
            assert page.evaluate(FAINT) == [], f"{name} is faint in {tone}"

    return picture


def test_connect_watch_expire_renew(live):
    require_part("chromium", CHROMIUM.exists(), "the browser test drives Debian's chromium")
    from playwright.sync_api import expect, sync_playwright

    url, first, amazon, shop, port = live
    application = amazon.furnish(port)
    ARTEFACTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        page = browser.new_page(viewport=DESK, locale="en")
        page.set_default_timeout(20_000)
        trouble = []
        page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)

        picture = album(page)
        page.goto(first)
        page.fill("input[name=user]", "camille")
        page.fill("input[name=password]", "a long enough one")
        picture("first")
        page.click("button.primary")
        expect(page.locator("text=First connect your shop")).to_be_visible()
        picture("empty")
        codes = set_up_second_factor(page, url, picture)
        page.click("text=Connect a shop")
        page.click("text=Files in a folder")
        page.fill("input[name=folder]", "/nowhere/at/all")
        page.click("button.primary")
        expect(page.locator(".wrong")).to_contain_text("no such folder")
        picture("connect-shop-wrong")
        page.fill("input[name=folder]", str(shop.folder))
        page.click("button.primary")
        expect(page.locator(".message.success")).to_contain_text("The shop answers")
        page.click("a.button.primary")
        expect(page.locator("input[value=private]")).to_be_checked()
        expect(page.locator("input[name=refresh_token]")).to_be_visible()
        expect(page.locator("input[name=application_id]")).to_be_hidden()
        page.check("input[value=public]")
        expect(page.locator("input[name=refresh_token]")).to_be_hidden()
        page.fill("input[name=client_id]", "nonsense")
        page.click("button.primary")
        expect(page.locator(".wrong").first).to_be_visible()
        picture("connect-wrong")
        page.check("input[value=public]")
        page.fill("input[name=client_id]", application["client_id"])
        page.fill("input[name=client_secret]", application["client_secret"])
        page.fill("input[name=application_id]", application["application_id"])
        page.fill("input[name=seller_id]", "A1DEMOSELLER01")
        page.fill("input[name=name]", "Amazon Europe")
        page.click("summary")
        for name, address in (("token", "/auth/o2/token"), ("api", "/eu"), ("consent", "/seller-central/eu")):
            page.fill(f"input[name='address.{name}']", amazon.url + address)
        picture("connect", phone=True)
        page.click("button.primary")
        expect(page.locator(".message.success")).to_contain_text("Now authorize it at Amazon")
        page.click("#renew button.primary")
        consent(page)
        expect(page.locator(".sync").first).to_contain_text("nothing is sent to Amazon before you say yes")
        expect(page.locator(".pill.active").first).to_be_visible()
        compared(page)
        expect(page.locator("#sites tbody tr").first).to_contain_text("€")
        picture("login-details")
        picture("login-details-phone", phone=True)
        page.goto(url)
        expect(page.locator(".verdict")).to_contain_text("read-only")
        page.click("text=Compare and say yes")
        page.click("text=Yes, send to Amazon.fr")
        deadline = time.monotonic() + 60
        from forain.cli.demo import out_of_step

        while out_of_step(amazon, shop):
            assert time.monotonic() < deadline
            time.sleep(0.3)
        page.goto(url)
        expect(page.locator(".verdict")).to_contain_text("in step")
        picture("overview")
        picture("overview-phone", phone=True)
        page.goto(f"{url}/offers")
        expect(page.locator("tbody tr")).to_have_count(25)
        picture("offers")
        follow(page, "tbody tr:first-child a", "/offers/")
        picture("offer")
        order = amazon.buy("LAV-SOAP")
        amazon.advance(400)
        page.goto(f"{url}/orders")
        for _ in range(60):
            if page.locator(f"text={order}").count() and page.locator(".pill.created").count():
                break
            time.sleep(0.5)
            page.reload()
        expect(page.locator(".pill.created")).to_be_visible()
        picture("orders")
        picture("orders-phone", phone=True)
        follow(page, "tbody tr:first-child a", "/orders/")
        picture("order")
        amazon.advance(170 * DAY)
        fresh = amazon.call("POST", f"applications/{application['application_id']}/rotate", {})
        page.goto(f"{url}/accounts/1")
        page.fill("input[name=client_secret]", fresh["client_secret"])
        page.click("text=Save")
        expect(page.locator(".message.success")).to_contain_text("secret works")
        amazon.advance(170 * DAY)
        fresh = amazon.call("POST", f"applications/{application['application_id']}/rotate", {})
        page.goto(f"{url}/accounts/1")
        page.fill("input[name=client_secret]", fresh["client_secret"])
        page.click("text=Save")
        expect(page.locator(".message.success")).to_contain_text("secret works")
        page.goto(f"{url}/issues")
        for _ in range(60):
            if page.locator("text=The authorization at Amazon ends on").count():
                break
            time.sleep(0.5)
            page.reload()
        expect(page.locator("text=The authorization at Amazon ends on")).to_be_visible()
        picture("reminder")
        amazon.advance(30 * DAY)
        page.goto(url)
        for _ in range(60):
            if page.locator(".pill.active").count() == 0 and page.locator(".sync.running").count() == 0:
                break
            time.sleep(0.5)
        amazon.advance(150)
        expect(page.locator(".sync.expired")).to_be_visible(timeout=40_000)
        expect(page.locator("text=expired on").first).to_be_visible(timeout=40_000)
        picture("expired")
        for language, words in (("fr", "l'autorisation a expiré"), ("de", "Die Autorisierung ist abgelaufen")):
            page.click(f"button[value={language}]")
            expect(page.locator(".sync.expired")).to_contain_text(words)
            picture(f"expired-{language}", phone=True)
            page.goto(f"{url}/accounts/1")
            picture(f"login-details-expired-{language}", phone=True)
            page.goto(url)
        page.click("button[value=en]")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.click("h2 >> text=Amazon Europe")
        page.click("#renew button.primary")
        consent(page)
        expect(page.locator(".sync").first).to_contain_text("Stock, prices and orders run")
        page.goto(f"{url}/people")
        expect(page.locator(".pill.warning")).to_contain_text("Who still needs access?")
        picture("people")
        picture("people-phone", phone=True)
        page.click("#review button")
        expect(page.locator(".message.success")).to_be_visible()
        page.goto(url)
        expect(page.locator(".proof", has_text="After the stop")).to_contain_text("0 are missing", timeout=60_000)
        expect(page.locator(".verdict.good")).to_be_visible(timeout=15_000)
        picture("renewed")
        shop_page = page.get_attribute(".links a[href^='/shops/']", "href")
        addresses = {"journal": "/journal", "health": "/health", "links": "/accounts/1/links", "shop": shop_page,
                     "issues": "/issues", "me": "/me"}  # fmt: skip
        for name, address in addresses.items():
            page.goto(f"{url}{address}")
            picture(name)
            picture(f"{name}-phone", phone=True)
        log_in_without_a_phone(page, url, codes[0], picture)
        without_script(
            browser, page.context.storage_state(), url, ["/accounts/1", "/offers", "/orders", *addresses.values()]
        )
        browser.close()
    assert [line for line in trouble if "422" not in line] == []


def set_up_second_factor(page, url, picture):
    """As a phone would; the answer is the recovery codes. This early the moved clock shows the real time."""
    import pyotp
    from playwright.sync_api import expect

    page.click("a.me")
    page.click("#second-factor a.button")
    expect(page.locator(".qr svg")).to_be_visible()
    page.click("summary")
    picture("second-factor", phone=True)
    secret = page.text_content("details code").replace(" ", "")
    page.fill("input[name=code]", pyotp.TOTP(secret).now())
    page.click("button.primary")
    expect(page.locator(".codes li")).to_have_count(10)
    picture("recovery-codes", phone=True)
    codes = page.locator(".codes code").all_text_contents()
    page.goto(url)
    return codes


def log_in_without_a_phone(page, url, code, picture):
    """Out, and in again a year later, with a recovery code."""
    from playwright.sync_api import expect

    page.click("button.link")
    page.fill("input[name=user]", "camille")
    page.fill("input[name=password]", "a long enough one")
    page.click("button.primary")
    expect(page.locator("input[name=code]")).to_be_visible()
    picture("login-code", phone=True)
    page.fill("input[name=code]", code)
    page.click("button.primary")
    expect(page.locator(".verdict")).to_be_visible()


def compared(page):
    """The first comparison takes a moment after connecting."""
    for _ in range(60):
        if page.locator("#sites tbody tr").count():
            return
        time.sleep(0.5)
        page.reload()


def without_script(browser, logged_in, url, addresses):
    """Every page says the same where the browser runs no script, and its forms work."""
    from playwright.sync_api import expect

    page = browser.new_context(java_script_enabled=False, storage_state=logged_in, locale="en").new_page()
    for address in addresses:
        assert page.goto(f"{url}{address}").status == 200, address
        assert page.locator("h1").count() == 1, address
    page.goto(url)
    assert page.locator(".six dt").count() == 6
    page.click("button[value=fr]")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.goto(f"{url}/accounts/1")
    page.click("button[value=pause]")
    expect(page.locator(".sync").first).to_contain_text("Mis en pause")
    page.click("button[value=resume]")
    expect(page.locator("button[value=pause]")).to_be_visible()


def follow(page, link, part):
    """Click a link and wait until the page whose address holds `part` and more has loaded: a click returns before that."""
    page.click(link)
    page.wait_for_url(re.compile(re.escape(part) + "."))


def consent(page):
    page.wait_for_url("**/apps/authorize/consent**")
    # Seller Central remembers who is signed in.
    if page.locator("select[name=seller_id]").count():
        page.select_option("select[name=seller_id]", "A1DEMOSELLER01")
        page.click("main button")
    page.click("text=Confirm")
