"""The page of the rules: said in a form, shown in words, refused with the reason beside the field, as a file out and in."""

import csv
import html
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from forain import wiring
from forain.flows import watch
from forain.store import instance, issues, models
from tests.people import come_in

FR, UK = "A13V1IB3VIYZZH", "A1F83G8C2ARO7P"


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    return client


@pytest.fixture
def account(transactional_db):
    now = wiring.deps().clock.now()
    shop = models.Shop.objects.create(kind="files", name="S", hook_name="h", created_at=now)
    models.Variant.objects.create(shop=shop, variant="v1", sku="SOAP", group="bath", seen_at=now)
    application = models.Application.objects.create(marketplace="amazon", kind="private", client_id="c", created_at=now)
    row = models.Account.objects.create(
        marketplace="amazon", name="A", region="EU", seller="S", application=application, shop=shop, created_at=now
    )
    models.AccountSite.objects.create(account=row, site=FR, country="FR", currency="EUR")
    models.Offer.objects.create(account=row, site=FR, sku="SOAP", wanted_no=1, settled_no=1)
    models.Link.objects.create(account=row, sku="SOAP", variant="v1", how="same_sku", proposed_at=now, decided_at=now)
    return row


def said():
    return list(models.Rule.objects.order_by("pk").values_list("level", "site", "name", "wishes"))


def post(merchant, account, **told):
    answer = merchant.post(f"/accounts/{account.pk}/rules/say", told, follow=True)
    return answer.status_code, html.unescape(answer.content.decode())


def test_what_the_form_holds_is_said_and_shown_in_words(merchant, account):
    status, page = post(
        merchant, account, level="sku", site=FR, name="SOAP", floor="5.5", ending="99", quantity_led_by="other_tool"
    )

    assert (status, said()) == (
        200, [("sku", FR, "SOAP", {"quantity_led_by": "other_tool", "ending": "99", "floor": "5.50 EUR"})],
    )  # fmt: skip
    assert "The rule is set" in page
    assert "Never below: <b>€5.50</b>" in page
    assert models.Offer.objects.get().wanted_no == 2


def test_a_form_without_anything_takes_the_rule_away(merchant, account):
    post(merchant, account, level="group", name="bath", buffer="2")
    assert said() == [("group", "", "bath", {"buffer": "2"})]

    post(merchant, account, level="group", name="bath")

    assert said() == []


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(merchant, account):
    status, page = post(merchant, account, level="account", percent="12,50", buffer="3")

    assert (status, said()) == (400, [])
    assert "A number with a point, such as 12.50." in page
    assert 'name="percent" value="12,50"' in page
    assert 'name="buffer" value="3"' in page


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"level": "sku", "name": "NONE", "buffer": "1"}, "There is no such group or SKU here"),
        ({"level": "group", "name": "garden", "buffer": "1"}, "there are: bath"),
        ({"level": "site", "site": "nowhere", "buffer": "1"}, f"One of: {FR}"),
        ({"level": "shelf", "buffer": "1"}, "One of: account, site, group, sku"),
    ],
)
def test_a_place_there_is_not_is_named(merchant, account, told, why):
    status, page = post(merchant, account, **told)

    assert (status, said()) == (400, [])
    assert why in page


def test_an_amount_for_sites_of_several_currencies_wants_a_site(merchant, account):
    models.AccountSite.objects.create(account=account, site=UK, country="GB", currency="GBP")

    status, page = post(merchant, account, level="account", floor="5.00")

    assert (status, said()) == (400, [])
    assert "Choose a site first" in page
    assert post(merchant, account, level="site", site=UK, floor="5.00")[0] == 200
    assert said() == [("site", UK, "", {"floor": "5.00 GBP"})]


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_page_speaks_each_language_without_a_bare_code(merchant, account, language):
    post(merchant, account, level="account", ending_way="up", cap="none", inactive_counts="yes")
    merchant.cookies["forain_language"] = language

    page = merchant.get(f"/accounts/{account.pk}/rules?level=sku&site={FR}&name=SOAP").content.decode()

    for code in ("level_", "ending_way:", "inactive_counts:", "<b>none</b>", "wish_help"):
        assert code not in page
    assert {"en": "no limit", "fr": "sans limite", "de": "keine Grenze"}[language] in page


def test_the_file_goes_out_and_comes_in(merchant, account):
    post(merchant, account, level="account", percent="-2.5", locations="=Lyon; Halle 2, Süd")
    post(merchant, account, level="sku", name="SOAP", cap="none", floor="4.00")
    kept = said()
    written = b"".join(merchant.get(f"/accounts/{account.pk}/rules.csv").streaming_content)
    models.Rule.objects.all().delete()

    def sent(content, **more):
        file = SimpleUploadedFile("rules.csv", content, "text/csv")
        return merchant.post(f"/accounts/{account.pk}/rules/upload", {"file": file, **more}, follow=True)

    def upload(content):
        return sent(content).content.decode()

    tried = b"".join(sent(written, **{"as": "csv"}).streaming_content).decode()
    assert tried.startswith("site,sku,")
    assert said() == []
    assert "Line 2" in upload(written.replace(b"'-2.5", b"two"))
    assert said() == []
    assert "2 rules taken" in upload(written).replace("\N{NO-BREAK SPACE}", " ")
    assert said() == kept


def test_rates_come_in_with_a_file_all_lines_or_none(merchant, account):
    def upload(content):
        file = SimpleUploadedFile("rates.csv", content, "text/csv")
        answer = merchant.post(f"/accounts/{account.pk}/rules/rates", {"file": file}, follow=True)
        return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")

    assert "Line 3" in upload(b"source,target,rate\nEUR,SEK,11.2\nEUR,GBP,zero\n")
    assert not models.Rate.objects.exists()
    assert "1 rate taken" in upload(b"source,target,rate\nEUR,SEK,11.2\n")
    assert str(models.Rate.objects.get(target="SEK").rate).startswith("11.2")
    assert "Line 1" in upload(b"x" * (5 * 1024 * 1024 + 1))


def test_what_a_rule_would_change_is_shown_and_nothing_is_said(merchant, account):
    models.Variant.objects.update(on_hand=12, allocated=0, price_minor=1000, currency="EUR")
    told = {"level": "group", "name": "bath", "buffer": "2", "percent": "10"}

    page = merchant.post(f"/accounts/{account.pk}/rules/try", told).content.decode()
    file = b"".join(merchant.post(f"/accounts/{account.pk}/rules/try", told | {"as": "csv"}).streaming_content)

    assert "1\N{NO-BREAK SPACE}offer would be told otherwise" in page
    assert "12 · €10.00" in page
    assert "<b>10 · €11.00</b>" in page
    assert 'name="buffer" value="2"' in page
    assert file.decode().splitlines()[1].startswith(f"{FR},SOAP,,12,10,,10.00 EUR,11.00 EUR,")
    # And why: each step, with the level of the rule that says it.
    assert "buffer -2 (group)" in file.decode()
    assert page.count("<summary>Why?</summary>") == 1
    assert "percent +10" in file.decode()
    assert said() == []
    assert merchant.post(f"/accounts/{account.pk}/rules/try", told | {"buffer": "x"}).status_code == 400


def test_a_location_the_shop_does_not_have_is_named_before_and_after_it_is_said(merchant, account):
    models.Shop.objects.update(locations=["Lyon", "Périgueux"])
    here = [["Lyon", 7, 0], ["Périgueux", 5, 0]]
    models.Variant.objects.update(on_hand=12, allocated=0, locations=here, price_minor=1000, currency="EUR")
    told = {"level": "account", "locations": "lyon; Paris"}

    tried = html.unescape(merchant.post(f"/accounts/{account.pk}/rules/try", told).content.decode())
    _, page = post(merchant, account, **told)

    assert "Your shop has: Lyon; Périgueux" in tried
    assert "The rules count the stock at “Paris”" in tried
    assert "it has: Lyon, Périgueux" in tried
    assert "Your shop has no stock location “Paris”" in page
    assert said() == [("account", "", "", {"locations": "lyon; Paris"})]
    _, page = post(merchant, account, level="account", locations="périgueux; LYON")
    assert "Your shop has no stock location" not in page
    assert "Stock locations that count: <b>périgueux; LYON</b>" in page


@pytest.mark.parametrize("text", ["Lyon;", "x" * 101])
def test_what_is_no_list_of_locations_stands_beside_its_field(merchant, account, text):
    status, page = post(merchant, account, level="account", locations=text)

    assert (status, said()) == (400, [])
    assert "Names with ; between them, none of them empty or longer than 100 letters." in page


@pytest.fixture
def other(account):
    """A second account that sells the same article of the shop."""
    now = wiring.deps().clock.now()
    row = models.Account.objects.create(
        marketplace="amazon", name="Other", region="EU", seller="T", application=account.application, shop=account.shop, created_at=now
    )  # fmt: skip
    models.AccountSite.objects.create(account=row, site=FR, country="FR", currency="EUR")
    models.Offer.objects.create(account=row, site=FR, sku="SOAP-T", wanted_no=1, settled_no=1)
    models.Link.objects.create(account=row, sku="SOAP-T", variant="v1", how="person", proposed_at=now, decided_at=now)
    models.Variant.objects.update(on_hand=12, allocated=0, price_minor=1000, currency="EUR")
    return row


def test_the_page_says_how_the_accounts_of_a_shop_divide_its_stock(merchant, account, other):
    page = html.unescape(merchant.get(f"/accounts/{account.pk}/rules").content.decode())
    assert "take 200 % of the same pieces: two accounts can sell the same piece" in page

    post(merchant, account, level="account", share="66.67")
    _, page = post(merchant, other, level="site", site=FR, share="33.33", last_pieces="3")

    assert "take 100 % of the same pieces: no piece is shown twice" in page
    assert "33.33 %" in page
    assert "can sell the same piece" not in page
    models.Account.objects.filter(pk=other.pk).update(shop=None)
    page = merchant.get(f"/accounts/{account.pk}/rules").content.decode()
    assert 'id="division"' not in page


def test_the_page_says_who_leads_or_fixes_a_quantity_in_place_of_its_share(merchant, account, other):
    post(merchant, account, level="account", quantity_led_by="other_tool")
    _, page = post(merchant, other, level="account", fixed="20")

    assert "led by another tool" in page
    assert "Fixed number: 20" in page
    assert "Together they take 0 % of the same pieces" in page


def test_before_a_share_is_said_the_page_names_what_could_be_sold_twice(merchant, account, other):
    told = {"level": "sku", "name": "SOAP", "share": "50"}

    page = merchant.post(f"/accounts/{account.pk}/rules/try", told).content.decode().replace("\N{NO-BREAK SPACE}", " ")

    assert "1 of them is sold by several accounts that together take more than 100 %" in page
    assert "all accounts together: 150 %" in page
    post(merchant, other, level="account", share="50")
    page = merchant.post(f"/accounts/{account.pk}/rules/try", told).content.decode()
    assert "all accounts together" not in page


def test_an_exchange_rate_is_entered_shown_and_refused_with_its_reason(merchant, account):
    def enter(**told):
        answer = merchant.post(f"/accounts/{account.pk}/rules/rate", told, follow=True)
        return html.unescape(answer.content.decode())

    assert "A number with a point" in enter(source="EUR", target="GBP", rate="0,85")
    assert not models.Rate.objects.exists()
    assert "1 EUR = <b>0.8512</b> GBP" in enter(source="eur", target="GBP", rate="0.85120")
    assert models.Rate.objects.get().said_by == "camille"


def test_the_address_of_the_rates_is_said_refused_and_taken_away(merchant, account):
    def say(url):
        answer = merchant.post(f"/accounts/{account.pk}/rules/rates-address", {"url": url}, follow=True)
        return html.unescape(answer.content.decode())

    assert "This is no address Forain can use" in say("rates.example/x")
    assert models.Instance.objects.get().rates_url == ""
    page = say(" https://rates.example/daily.xml?list=1 ")
    assert 'value="https://rates.example/daily.xml?list=1"' in page
    assert "Exchange rates are fetched there from now on" in page
    assert models.Journal.objects.get(code="rates_address_said").placeholders == {
        "by": "camille",
        "host": "rates.example",
    }
    assert "not fetched any more" in say("")
    assert models.Instance.objects.get().rates_url == ""


def test_whoever_may_not_name_addresses_sees_the_host_only(client, account, transactional_db):
    instance.set_rates_url("https://rates.example/daily.xml?key=abc")
    come_in(client, role="operator")

    page = client.get(f"/accounts/{account.pk}/rules").content.decode()

    assert "rates.example" in page
    assert "key=abc" not in page
    assert client.post(f"/accounts/{account.pk}/rules/rates-address", {"url": ""}).status_code == 403
    assert models.Instance.objects.get().rates_url.endswith("key=abc")


def test_a_notice_about_the_rates_leads_to_them(merchant, account):
    now = wiring.deps().clock.now()
    told = {"host": "rates.example", "count": "1", "what": "2: rate '0': not_a_number"}
    issues.found("rates_wrong", "rates", now, placeholders=told)
    issues.side_fails("rates", "unreachable", now - timedelta(hours=1))
    watch.derive_issues(wiring.deps())

    page = html.unescape(merchant.get("/issues").content.decode()).replace("\N{NO-BREAK SPACE}", " ")

    assert (
        "1 line of the exchange rates from rates.example cannot be used; the first: 2: rate '0': not_a_number" in page
    )
    assert "The address of the exchange rates has not answered since" in page
    assert page.count(f'href="/accounts/{account.pk}/rules#rates"') == 2


def test_the_page_of_an_offer_shows_what_its_floor_was_made_of(merchant, account):
    steps = [
        ["shop_price", "10.00", ""], ["floor", "14.06", ""], ["cost", "8.00", ""], ["cost_rate", "0.85 (2026-03-01)", ""],
        ["floor_markup", "20", "account"], ["floor_tax", "20", ""], ["fees", "2.11", ""], ["floor_cost", "14.06", "account"],
    ]  # fmt: skip
    models.Offer.objects.update(desired_minor=1406, desired_currency="EUR", desired_steps=steps)

    page = html.unescape(merchant.get(f"/offers/{models.Offer.objects.get().pk}").content.decode())

    why = page[page.index("Why this price?") :]
    for text in ("cost of the article: <b>8.00", "percent of the cost to be left: <b>20", "VAT within the price: <b>20",
                 "Amazon's fees at that price, estimated: <b>2.11", "floor from cost and fees: <b>14.06"):  # fmt: skip
        assert text in why
    assert "rule of the account" in why


@pytest.mark.parametrize("held", ["cost_missing", "fee_missing", "fee_refused", "fees_above_price"])
def test_a_price_that_is_held_for_its_floor_says_the_cure(merchant, account, held):
    models.Offer.objects.update(alarm="held", alarm_detail=held, notes=[held])

    page = html.unescape(merchant.get(f"/offers/{models.Offer.objects.get().pk}").content.decode())

    assert "The price on Amazon stays." in page
    assert "The rest of the offer goes on." in page


def test_the_account_leads_to_its_rules(merchant, account):
    models.Account.objects.update(standing="granted", granted_at=wiring.deps().clock.now())

    assert f'href="/accounts/{account.pk}/rules"' in merchant.get(f"/accounts/{account.pk}").content.decode()


def test_the_page_of_an_offer_shows_its_terms_who_leads_them_and_what_amazon_does_with_its_price(merchant, account):
    models.Offer.objects.update(
        observed_quantity=30, desired_minor=1100, desired_currency="EUR", observed_minor=1100, observed_currency="EUR",
        desired_terms={"sale": "9.00 EUR 2026-11-30T23:00:00.000Z 2026-12-24T23:00:00.000Z"},
        observed_terms={"sale": "none", "handling_days": "9", "list_price": "none"},
        led_elsewhere={"quantity": ["marketplace", "12"], "handling_days": ["other_tool", "4"]},
        price_setup={"lowest": "8.00 EUR", "automated": "RULE-1"},
        desired_steps=[["sale", "9.00 EUR 2026-11-30T23:00:00.000Z 2026-12-24T23:00:00.000Z", "sku"]],
    )  # fmt: skip
    models.Journal.objects.create(
        at=wiring.deps().clock.now(), correlation="c", account=account, subject=f"{FR}/SOAP", code="changed_elsewhere",
        placeholders={"field": "price", "was": "11.00 EUR", "became": "9.50 EUR"},
    )  # fmt: skip

    page = html.unescape(merchant.get(f"/offers/{models.Offer.objects.get().pk}").content.decode())

    assert '12<small class="soft">led by the marketplace (Seller Central)</small>' in page
    assert '4\N{NO-BREAK SPACE}days<small class="soft">led by another tool</small>' in page
    assert "9\N{NO-BREAK SPACE}days" in page
    assert (
        page.count(
            "€9.00 from 1\N{NO-BREAK SPACE}Dec\N{NO-BREAK SPACE}2026 to 24\N{NO-BREAK SPACE}Dec\N{NO-BREAK SPACE}2026"
        )
        == 2
    )
    assert "€8.00" in page
    assert "RULE-1" in page
    assert "Changed elsewhere, not by Forain: Price, from €11.00 to €9.50" in page
    assert 'class="pill differs"' in page


def test_before_the_first_yes_the_page_of_the_account_names_what_amazon_prices_by_itself(merchant, account):
    models.Offer.objects.update(
        desired_quantity=3, observed_quantity=1, desired_at=wiring.deps().clock.now(), price_setup={"automated": "RULE-1", "highest": "9.00 EUR"}
    )  # fmt: skip

    page = html.unescape(merchant.get(f"/accounts/{account.pk}").content.decode())
    listed = html.unescape(merchant.get("/offers?state=priced_there").content.decode())

    assert 'priced by Amazon\'s "Automate pricing"' in page
    assert "has a minimum or maximum price on Amazon" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert "RULE-1" in page
    assert "SOAP" in listed
    models.Offer.objects.update(price_setup={})
    assert "Automate pricing" not in merchant.get(f"/accounts/{account.pk}").content.decode()
    assert ">SOAP<" not in merchant.get("/offers?state=priced_there").content.decode()


def test_before_the_first_yes_all_that_would_be_sent_comes_as_a_file_with_its_reasons(merchant, account):
    models.Offer.objects.update(
        desired_quantity=3, observed_quantity=1, desired_at=wiring.deps().clock.now(), desired_minor=950, desired_currency="EUR",
        observed_minor=950, observed_currency="EUR", observed_terms={"handling_days": "2"}, desired_terms={"handling_days": "4"},
        desired_steps=[["on_hand", "5", ""], ["buffer", "-2", "account"]], title="=1+1", fulfilled_by="merchant",
    )  # fmt: skip
    held = {
        "sku": "OIL",
        "held": "rate_missing",
        "desired_quantity": 4,
        "observed_quantity": 4,
        "fulfilled_by": "merchant",
    }
    models.Offer.objects.create(account=account, site=FR, wanted_no=1, settled_no=1, **held)
    models.Offer.objects.create(
        account=account, site=FR, wanted_no=1, settled_no=1, **(held | {"sku": "SAME", "held": ""})
    )

    page = html.unescape(merchant.get(f"/accounts/{account.pk}").content.decode())
    file = b"".join(merchant.get(f"/accounts/{account.pk}/sites/{FR}/differences.csv").streaming_content).decode()

    oil, soap = csv.DictReader(file.splitlines())
    assert f"/accounts/{account.pk}/sites/{FR}/differences.csv" in page
    assert (oil["sku"], oil["quantity_to_send"], oil["held"]) == ("OIL", "", "rate_missing")
    assert (soap["quantity_on_amazon"], soap["quantity_to_send"], soap["price_to_send"]) == ("1", "3", "")
    assert (soap["handling_days_on_amazon"], soap["handling_days_to_send"]) == ("2", "4")
    assert (soap["because"], soap["title"][0]) == ("on_hand 5; buffer -2 (account)", "'")
    assert "4\N{NO-BREAK SPACE}days" in page or "4 days" in page
    assert merchant.get(f"/accounts/{account.pk}/sites/{UK}/differences.csv").status_code == 404


def test_the_page_of_an_offer_says_what_was_sent_last_and_when_each_of_its_numbers_is_from(merchant, account):
    now = wiring.deps().clock.now()
    number = models.Offer.objects.get(sku="SOAP").pk
    assert "Last sent" not in merchant.get(f"/offers/{number}").content.decode()

    models.Offer.objects.update(
        desired_quantity=3, desired_at=now, submitted_quantity=4, submitted_minor=950, submitted_currency="EUR",
        submitted_terms={"handling_days": "5"}, submitted_at=now, submission="S-1",
    )  # fmt: skip
    page = " ".join(html.unescape(merchant.get(f"/offers/{number}").content.decode()).split())

    assert "Reckoned: " in page
    assert "Last sent: 4 · €9.50 · Handling time 5 days, " in page
