"""An interface that its marketplace has ended: offered only where somebody named an address for it, and marked as ended."""

import pytest

from forain import plugins
from forain.store import models
from forain.web import words
from tests.people import come_in

ADDRESS = {"amazon_mws": "http://127.0.0.1:8900/mws/{region}"}
LABELS = {
    "en": ("Merchant id", "Marketplace ID", "MWS Token", "1 April 2024"),
    "fr": ("Commerçant-ID", "Place de marché ID", "MWS Token", "1er avril 2024"),
    "de": ("Händler-ID", "Marktplatz-ID", "MWS-Token", "1. April 2024"),
}


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    return client


@pytest.fixture
def offered(settings):
    settings.RETIRED_ADDRESSES = ADDRESS


@pytest.mark.parametrize("path", ["/", "/accounts/add/amazon", "/authorizations", "/health", "/shops/add", "/issues"])
def test_without_an_address_no_page_speaks_of_it(merchant, path):
    page = merchant.get(path).content.decode()

    assert "MWS" not in page
    assert "amazon_mws" not in page


def test_without_an_address_nothing_can_be_connected(merchant):
    assert merchant.get("/accounts/add/amazon_mws").status_code == 302
    assert merchant.post("/accounts/add/amazon_mws", {"seller_id": "A1EXAMPLE23456"})["Location"] == "/"
    assert plugins.offered({}) == ("amazon",)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_with_an_address_the_page_asks_for_the_three_words_and_leads_through_the_steps(merchant, offered, language):
    assert "/accounts/add/amazon_mws" in merchant.get("/accounts/add/amazon").content.decode()

    page = merchant.get("/accounts/add/amazon_mws", headers={"accept-language": language}).content.decode()

    for label in LABELS[language]:
        assert label in page
    for developer in ("magnalister 4141-0616-7444", "magnalister-us 8260-4311-6738"):
        assert developer in page
    assert page.split('class="guide"')[1].split("</ol>")[0].count("<li>") == 5
    assert 'name="kind"' not in page
    assert "/callback" not in page


def test_what_is_typed_is_checked_and_said_in_french(merchant, offered):
    told = {"seller_id": "A1EXAMPLE23456", "region": "EU", "marketplace_id": "paris", "refresh_token": "Atzr|x"}

    answer = merchant.post("/accounts/add/amazon_mws", told, headers={"accept-language": "fr"})

    assert answer.status_code == 422
    assert answer.content.decode().count('class="wrong"') >= 3
    assert not models.Account.objects.exists()


def test_an_accounts_address_is_the_named_one_unless_another_is_typed():
    assert plugins.addresses_of("amazon_mws", "NA", {"address.api": ""}, ADDRESS) == {
        "address.api": "http://127.0.0.1:8900/mws/na"
    }
    assert plugins.addresses_of("amazon_mws", "NA", {"address.api": "http://x/"}, ADDRESS) == {
        "address.api": "http://x/"
    }
    assert plugins.addresses_of("amazon", "EU", {"address.api": "", "address.token": "http://t/"}, ADDRESS) == {
        "address.token": "http://t/"
    }
