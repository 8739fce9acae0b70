"""Both renewals that begin in Seller Central, by somebody who has to log in on the way, in a real browser: it alone knows
where a form may end."""

import pytest

from tests.journeys.test_in_a_browser import ARTEFACTS, CHROMIUM, DESK, QUIET, album, consent, forain_up
from tests.parts import require_part

SELLER = "A1DEMOSELLER01"


@pytest.fixture
def live(tmp_path):
    with forain_up(tmp_path) as found:
        yield found


def test_reauthorize_and_enable_lead_through_the_login_to_a_new_grant(live):
    require_part("chromium", CHROMIUM.exists(), "the browser test drives Debian's chromium")
    from playwright.sync_api import expect, sync_playwright

    url, first, amazon, _, port = live
    application = amazon.furnish(port)
    ARTEFACTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        page = browser.new_page(viewport=DESK, locale="fr")
        page.set_default_timeout(20_000)
        trouble = []
        page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
        picture = album(page)
        page.goto(first)
        page.fill("input[name=user]", "camille")
        page.fill("input[name=password]", "a long enough one")
        page.click("button.primary")
        connect(page, url, amazon, application)

        in_seller_central(page, amazon, "reauthorize")
        log_in(page)
        consent(page)
        expect(page.locator(".message.success")).to_be_visible()

        in_seller_central(page, amazon, "disable", "enable")
        consent(page)
        log_in(page)
        expect(page.locator("#renew .message.warning")).to_contain_text("Encore une confirmation")
        assert "spapi_oauth_code" not in page.url
        picture("once-more")
        picture("once-more-phone", phone=True)
        page.click("#renew button.primary")
        consent(page)
        expect(page.locator(".message.success")).to_be_visible()
        expect(page.locator(".pill.active").first).to_be_visible()
        browser.close()
    assert trouble == []


def connect(page, url, amazon, application):
    page.goto(f"{url}/accounts/add/amazon")
    page.check("input[value=public]")
    for name in ("client_id", "client_secret", "application_id"):
        page.fill(f"input[name={name}]", application[name])
    page.fill("input[name=seller_id]", SELLER)
    page.fill("input[name=name]", "Amazon Europe")
    page.click("summary")
    for name, address in (("token", "/auth/o2/token"), ("api", "/eu"), ("consent", "/seller-central/eu")):
        page.fill(f"input[name='address.{name}']", amazon.url + address)
    page.click("button.primary")
    page.click("#renew button.primary")
    consent(page)
    page.wait_for_selector(".message.success")


def in_seller_central(page, amazon, *actions):
    """Logged out at Forain, the seller presses these buttons beside the application."""
    page.context.clear_cookies(name="forain_session")
    page.goto(f"{amazon.url}/seller-central/eu/apps/manage?seller_id={SELLER}")
    for action in actions:
        page.click(f"button[value={action}]")


def log_in(page):
    page.fill("input[name=user]", "camille")
    page.fill("input[name=password]", "a long enough one")
    page.click("main button.primary")
