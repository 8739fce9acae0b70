"""What a merchant reads on pages full of data: names instead of codes, one heading, labelled fields, a way on."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.test import Client, RequestFactory
from django.utils import translation
from django.views.defaults import server_error

from forain import wiring
from forain.store import models
from forain.web import words
from tests.people import come_in

FR = "A13V1IB3VIYZZH"
LANGUAGES = ("en", "fr", "de")
EMPTY_TAGS = {"meta", "link", "img", "input", "br", "hr"}


class Page(HTMLParser):
    """Headings, inputs without a label, and the text that is seen, of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings = 0
        self.unlabelled: list[str] = []
        self.seen: list[str] = []
        self._open: list[str] = []
        self._wanting: list[tuple[str, str]] = []
        self._labelled: set[str] = set()
        self.feed(text)
        self.unlabelled += [name for name, number in self._wanting if number not in self._labelled]

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.headings += tag == "h1"
        if tag == "label" and told.get("for"):
            self._labelled.add(told["for"])
        if tag in ("input", "select") and told.get("type") != "hidden":
            if "label" not in self._open and not told.get("aria-label"):
                self._wanting.append((told.get("name", tag), told.get("id", "")))
            self.seen.append(told.get("placeholder") or "")
        if tag not in EMPTY_TAGS:
            self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style", "title"} & set(self._open):
            self.seen.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.seen).split())


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    return client


@pytest.fixture
def full(transactional_db):
    """A shop and an account with something of everything: differences, alarms, held orders, trouble, notices."""
    now = wiring.deps().clock.now()
    shop = models.Shop.objects.create(
        kind="files",
        name="Le Marché",
        options={"folder": "/srv/shop"},
        hook_name="hook",
        mirrored_at=now,
        created_at=now,
    )
    application = models.Application.objects.create(
        marketplace="amazon", kind="private", client_id="amzn1.application-oa2-client.fake",
        secret_expires_at=now + timedelta(days=100), created_at=now,
    )  # fmt: skip
    account = models.Account.objects.create(
        marketplace="amazon", name="Amazon Europe", region="EU", seller="A1EXAMPLE23456", application=application,
        shop=shop, standing="granted", grant_no=1, granted_at=now, expires_at=now + timedelta(days=1, hours=2),
        selling_plan="PROFESSIONAL", created_at=now,
    )  # fmt: skip
    models.AccountSite.objects.create(account=account, site=FR, country="FR", currency="EUR", domain="www.amazon.fr")
    offer = models.Offer.objects.create(
        account=account, site=FR, sku="SOAP", title="Soap", wanted_no=2, settled_no=1, marked_at=now, alarm="refused",
        alarm_detail="price_not_positive", desired_quantity=1200, desired_minor=690, desired_currency="EUR",
        desired_at=now, desired_steps=[["on_hand", 1200], ["shop_price", "6.90"]], observed_quantity=3,
        observed_minor=790, observed_currency="EUR", observed_at=now,
    )  # fmt: skip
    order = models.Order.objects.create(
        account=account, order_id="302-1234567-1234567", site=FR, state="held", status="unshipped",
        fulfilled_by="merchant", hold_reason="unknown_sku", hold_detail="SOAP", pieces={"SOAP": 2}, total_minor=1380,
        currency="EUR", purchased_at=now, updated_at=now, seen_at=now, error="unreachable cause=timeout",
    )  # fmt: skip
    models.Side.objects.create(name=f"account:{account.pk}", account=account, last_word_at=now)
    models.Side.objects.create(name=f"shop:{shop.pk}", shop=shop, failing_since=now, error="unreachable cause=timeout")
    for flow in ("import_orders", "reconcile_offers", "probe"):
        models.Run.objects.create(flow=flow, subject=f"account:{account.pk}", due_at=now, error="unreachable cause=dns")
    models.Run.objects.create(flow="derive_issues", subject="house", due_at=now)
    entries = [
        ("told", f"{FR}/SOAP", {"quantity": "", "price": "6.90 EUR", "problem": ""}),
        ("reminded", "", {"days": "1", "date": account.expires_at.isoformat()}),
        ("writes_allowed", "", {"by": "camille", "site": FR}),
        ("issue_opened", f"account:{account.pk}/{FR}", {"issue": "site_read_only", "site": FR}),
        ("flow_stopped", f"account:{account.pk}", {"flow": "import_orders", "error": "unreachable cause=dns"}),
        ("order_held", order.order_id, {"reason": "unknown_sku", "detail": ""}),
        ("caught_up", "", {"before": "1", "now": "0"}),
    ]
    for code, subject, placeholders in entries:
        models.Journal.objects.create(
            at=now, correlation="abcdef012345", account=account, subject=subject, code=code, placeholders=placeholders
        )
    notices = [
        ("authorization_expiring", f"account:{account.pk}", "warning", {"date": account.expires_at.isoformat(), "days": "1"}),
        ("site_read_only", f"account:{account.pk}/{FR}", "note", {"site": FR}),
        ("side_ill", f"shop:{shop.pk}", "warning", {"since": now.isoformat(), "error": "unreachable cause=timeout"}),
        ("order_held", f"account:{account.pk}/held", "warning",
         {"count": "1", "reason": "unknown_sku", "order": order.order_id, "detail": ""}),
        ("cancel_asked", f"account:{account.pk}/{order.order_id}", "warning", {"order": order.order_id}),
        ("shop_refused", f"shop:{shop.pk}", "critical", {"error": "shop_token_refused"}),
        ("internal", f"account:{account.pk}/probe", "critical", {"flow": "probe", "error": "ValueError"}),
    ]  # fmt: skip
    for code, subject, severity, placeholders in notices:
        models.Notice.objects.create(
            code=code, subject=subject, severity=severity, placeholders=placeholders, account=account, opened_at=now
        )
    return {"shop": shop, "account": account, "offer": offer, "order": order}


def addresses(full):
    return [
        "/", "/shops/add", "/shops/add?kind=vendure", f"/shops/{full['shop'].pk}", "/accounts/add/amazon",
        f"/accounts/{full['account'].pk}", f"/accounts/{full['account'].pk}/links", "/offers", "/offers?state=differs",
        f"/offers/{full['offer'].pk}", "/orders", f"/orders/{full['order'].pk}", "/issues", "/journal", "/health",
        "/nowhere",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_shows_a_code_where_a_name_should_stand(merchant, full, language):
    raw = re.compile(
        rf"{FR}|\b(?:account|shop):\d|\d{{4}}-\d\d-\d\d|cause=|"
        r"\b(?:unknown_sku|import_orders|reconcile_offers|derive_issues|price_not_positive|site_read_only)\b"
    )
    found = []
    for address in addresses(full):
        text = Page(merchant.get(address, headers={"accept-language": language}).content.decode()).text
        if address == f"/accounts/{full['account'].pk}":
            # The login details name the marketplace's own id once, beside its name.
            text = text.replace(f"Amazon.fr {FR}", "Amazon.fr", 1)
        found += [(address, hit) for hit in raw.findall(text)]

    assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_has_one_heading_its_language_and_a_label_for_each_field(merchant, full, language):
    wrong = []
    for address in addresses(full):
        text = merchant.get(address, headers={"accept-language": language}).content.decode()
        page = Page(text)
        if page.headings != 1 or page.unlabelled or f'<html lang="{language}">' not in text:
            wrong.append((address, page.headings, page.unlabelled))

    assert wrong == []


def test_no_page_holds_a_script_or_style_of_its_own_or_from_elsewhere(merchant, full):
    for address in addresses(full):
        text = merchant.get(address).content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text), address
        assert all(src.startswith("/static/") for src in re.findall(r"<script[^>]*\bsrc=[\"']([^\"']+)", text)), address
        assert len(re.findall(r"<script", text)) == len(re.findall(r"<script[^>]*\bsrc=", text)), address


def test_the_overview_shows_the_six_numbers_of_an_account(merchant, full):
    text = Page(merchant.get("/").content.decode()).text.replace("\N{NO-BREAK SPACE}", " ")

    assert "1 day left" in text
    assert "1 days" not in text
    assert "Offers waiting 1" in text
    assert "Offers refused 1" in text
    assert "Orders held 1 1 × unknown SKU" in text
    assert "Orders imported today 0" in text
    assert re.search(r"Last word Amazon \d+ s ago your shop never", text)


def test_a_read_only_site_shows_both_values_and_asks_for_the_yes(merchant, full):
    text = Page(merchant.get(f"/accounts/{full['account'].pk}").content.decode()).text

    assert "If you say yes, 1 offer changes" in text
    assert "3 · €7.90" in text
    assert "1,200 · €6.90" in text
    assert "Yes, send to Amazon.fr" in text
    assert "Read-only: orders come into your shop" in text


def test_the_login_details_are_where_a_merchant_looks_for_them_in_each_language(merchant, full):
    def shown(language):
        page = merchant.get(f"/accounts/{full['account'].pk}", headers={"accept-language": language})
        return Page(page.content.decode()).text

    assert "Amazon > Configuration > Login details Login details Connection to Amazon" in shown("en")
    assert "Amazon > Configuration > Mes coordonnées Mes coordonnées Connexion à Amazon" in shown("fr")
    assert "Amazon > Konfiguration > Zugangsdaten Zugangsdaten Verbindung zu Amazon" in shown("de")


def test_a_yes_for_a_site_names_the_site_in_the_journal(merchant, full):
    merchant.post(f"/accounts/{full['account'].pk}/sites/{FR}", {"answer": "yes"})

    assert "camille said yes for Amazon.fr" in Page(merchant.get("/journal").content.decode()).text


@pytest.mark.parametrize(
    ("language", "amount", "count", "until"),
    [("en", "€6.90", "1,200", "25 Nov 2027"), ("fr", "6,90 €", "1 200", "25/11/2027"),
     ("de", "6,90 €", "1.200", "25.11.2027")],
)  # fmt: skip
def test_amounts_numbers_and_days_are_written_as_the_language_does(language, amount, count, until):
    # Half an hour before midnight UTC is the next day in the merchant's zone.
    end = datetime(2027, 11, 24, 23, 30, tzinfo=UTC)

    written = words.tell(language, "entry.renewed", {"date": end.isoformat()})
    assert words.amount(language, "6.90 EUR").replace("\N{NO-BREAK SPACE}", " ") == amount
    assert words.number(language, "1200").replace("\N{NO-BREAK SPACE}", " ") == count
    assert until in written.replace("\N{NO-BREAK SPACE}", " ")


def test_a_number_goes_with_its_own_form_of_the_word():
    def told(language, days):
        return words.say(language, "phase.days_left", {"days": days}).replace("\N{NO-BREAK SPACE}", " ")

    assert [told("en", n) for n in (0, 1, 2)] == ["0 days left", "1 day left", "2 days left"]
    assert [told("fr", n) for n in (0, 1, 2)] == ["encore 0 jour", "encore 1 jour", "encore 2 jours"]
    assert [told("de", n) for n in (0, 1, 2)] == ["noch 0 Tage", "noch 1 Tag", "noch 2 Tage"]


def test_what_a_sentence_has_no_value_for_is_left_out():
    told = {"quantity": "38", "price": "", "problem": ""}

    assert words.tell("en", "entry.told", told) == "Told Amazon: quantity 38"


def test_a_form_may_end_nowhere_but_here_and_at_the_marketplace(merchant, full):
    def ends(address):
        policy = merchant.get(address)["Content-Security-Policy"]
        return re.search(r"form-action ([^;]+)", policy)[1].split()

    account = full["account"]
    assert ends("/") == ["'self'"]
    assert all(end == "'self'" or end.startswith("https://sellercentral") for end in ends("/accounts/add/amazon"))
    account.options = {"address.consent": "http://127.0.0.1:8999/seller-central/eu"}
    account.save()
    assert ends(f"/accounts/{account.pk}") == ["'self'", "http://127.0.0.1:8999"]


def test_a_refusal_stands_beside_the_field_it_is_about(merchant):
    page = merchant.post("/shops/add", {"kind": "files", "name": "x", "folder": "/nowhere/at/all"}).content.decode()

    beside = page.split('id="about-folder"')[1].split("</div>")[0]
    assert "There is no such folder" in beside
    assert re.search(r'id="field-folder"[^>]*aria-invalid="true"', page)


@pytest.mark.parametrize(
    ("form", "typed", "place"),
    [
        ("token", {"refresh_token": "nonsense"}, "renew"),
        ("token", {"refresh_token": "Atzr|a-fake-token", "granted_on": "2999-01-01"}, "renew"),
        ("secret", {"client_secret": ""}, "secret"),
    ],
)
def test_what_is_wrong_with_a_form_of_the_login_details_stands_at_that_form(merchant, full, form, typed, place):
    account = full["account"]

    answer = merchant.post(f"/accounts/{account.pk}/{form}", typed)
    page = merchant.get(answer["Location"]).content.decode()

    assert answer["Location"].endswith(f"#{place}")
    assert 'role="alert"' in page.split(f'id="{place}"')[1].split("</section>")[0]
    assert page.count('role="alert"') == 1
    account.refresh_from_db()
    assert account.grant_no == 1


def test_every_notice_leads_to_where_it_is_mended(merchant, full):
    page = merchant.get("/issues").content.decode()

    assert f'href="/shops/{full["shop"].pk}"' in page
    assert f'href="/accounts/{full["account"].pk}#renew"' in page
    assert f'href="/accounts/{full["account"].pk}#sites"' in page
    assert 'href="/orders?state=held"' in page
    assert f'href="/orders?q={full["order"].order_id}"' in page
    assert page.count("<li>") == page.count('class="button')
    for address in re.findall(r'<a class="button[^"]*" href="([^"#]+)', page):
        assert merchant.get(address).status_code == 200


def test_the_journal_shows_what_is_about_no_account(merchant):
    models.Journal.objects.create(
        at=wiring.deps().clock.now(), correlation="abc", code="shop_connected", placeholders={"shop": "Le Marché"}
    )

    assert "Le Marché" in Page(merchant.get("/journal").content.decode()).text


def test_a_link_can_be_taken_back(merchant, full):
    now = wiring.deps().clock.now()
    models.Variant.objects.create(shop=full["shop"], variant="SOAP", sku="SOAP", seen_at=now)
    models.Link.objects.create(
        account=full["account"], sku="SOAP", variant="SOAP", how="same_sku", proposed_at=now, decided_at=now
    )

    merchant.post(f"/accounts/{full['account'].pk}/links/decide", {"sku": "SOAP", "variant": "SOAP", "answer": "no"})

    assert models.Link.objects.get().refused
    assert models.Offer.objects.get().wanted_no == 3


def test_what_breaks_is_said_in_the_house_style(transactional_db):
    strict = Client(enforce_csrf_checks=True)

    refused = strict.post("/login", {"user": "x", "password": "x"}, headers={"accept-language": "de"})
    with translation.override("en"):
        broken = server_error(RequestFactory().get("/"))

    assert refused.status_code == 403
    assert "Dieses Formular ist zu alt" in refused.content.decode()
    assert "Something in Forain broke" in broken.content.decode()
