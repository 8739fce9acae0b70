"""The page of the rules: said in a form, shown in words, refused with the reason beside the field, as a file out and in."""

import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from forain import wiring
from forain.store import models
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
        merchant, account, level="sku", site=FR, name="SOAP", floor="5.5", ending="99", sends_quantity="no"
    )

    assert (status, said()) == (
        200, [("sku", FR, "SOAP", {"sends_quantity": "no", "ending": "99", "floor": "5.50 EUR"})],
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
    post(merchant, account, level="account", percent="-2.5")
    post(merchant, account, level="sku", name="SOAP", cap="none", floor="4.00")
    kept = said()
    written = b"".join(merchant.get(f"/accounts/{account.pk}/rules.csv").streaming_content)
    models.Rule.objects.all().delete()

    def upload(content):
        file = SimpleUploadedFile("rules.csv", content, "text/csv")
        return merchant.post(f"/accounts/{account.pk}/rules/upload", {"file": file}, follow=True).content.decode()

    assert "Line 2" in upload(written.replace(b"'-2.5", b"two"))
    assert said() == []
    assert "2 rules taken" in upload(written).replace("\N{NO-BREAK SPACE}", " ")
    assert said() == kept


def test_what_a_rule_would_change_is_shown_and_nothing_is_said(merchant, account):
    models.Variant.objects.update(on_hand=12, allocated=0, price_minor=1000, currency="EUR")
    told = {"level": "group", "name": "bath", "buffer": "2", "percent": "10"}

    page = merchant.post(f"/accounts/{account.pk}/rules/try", told).content.decode()
    file = b"".join(merchant.post(f"/accounts/{account.pk}/rules/try", told | {"as": "csv"}).streaming_content)

    assert "1\N{NO-BREAK SPACE}offer would be told otherwise" in page
    assert "12 · €10.00" in page
    assert "<b>10 · €11.00</b>" in page
    assert 'name="buffer" value="2"' in page
    assert file.decode().splitlines()[1] == f"{FR},SOAP,,12,10,,10.00 EUR,11.00 EUR,"
    assert said() == []
    assert merchant.post(f"/accounts/{account.pk}/rules/try", told | {"buffer": "x"}).status_code == 400


def test_an_exchange_rate_is_entered_shown_and_refused_with_its_reason(merchant, account):
    def enter(**told):
        answer = merchant.post(f"/accounts/{account.pk}/rules/rate", told, follow=True)
        return html.unescape(answer.content.decode())

    assert "A number with a point" in enter(source="EUR", target="GBP", rate="0,85")
    assert not models.Rate.objects.exists()
    assert "1 EUR = <b>0.8512</b> GBP" in enter(source="eur", target="GBP", rate="0.85120")
    assert models.Rate.objects.get().said_by == "camille"


def test_the_account_leads_to_its_rules(merchant, account):
    models.Account.objects.update(standing="granted", granted_at=wiring.deps().clock.now())

    assert f'href="/accounts/{account.pk}/rules"' in merchant.get(f"/accounts/{account.pk}").content.decode()
