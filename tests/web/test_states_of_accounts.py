"""The page Authorizations says of each account in what state it and its application's roles are: they end without a date."""

import html
import re
from datetime import timedelta

import pytest

from forain import wiring
from forain.core.registration import Said
from forain.store import models
from forain.web import words
from tests.flows.conftest import house, make_house
from tests.flows.test_waiting_for_amazon import ADDRESSES, LISTING, TRACKING, say, set_roles, today
from tests.people import come_in
from tests.web.test_authorizations_page import connect

__all__ = ["house", "make_house"]


@pytest.fixture
def merchant(house, client, monkeypatch):
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    return come_in(client)


def states(merchant, language="en"):
    """What the card says, as plain text."""
    page = merchant.get("/authorizations", headers={"accept-language": language}).content.decode()
    card = page.split('id="states"')[1].split("</section>")[0]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", card)).replace("\N{NO-BREAK SPACE}", " "))


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_where_all_is_well_it_says_so(house, merchant, language):
    house.live(60)

    said = states(merchant, language)

    assert "Camille" in said
    for key in ("phase.active", "forecast.roles_none", "forecast.account", "forecast.roles"):
        assert words.say(language, key).replace("\N{NO-BREAK SPACE}", " ") in said


def test_a_missing_role_is_named_with_what_stands_still(house, merchant):
    set_roles(house, TRACKING)
    house.live(600, step=60)

    said = states(merchant)

    assert f"{TRACKING}: missing." in said
    assert "Stands still: Import orders" in said
    assert "Orders are not read" in said
    assert LISTING not in said


def test_a_role_that_was_asked_for_waits_for_amazon_and_one_refused_is_refused(make_house, client, monkeypatch):
    # Orders were never read: else the role would have been granted since it was asked for.
    house = make_house(allow=False)
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    merchant = come_in(client)
    set_roles(house, TRACKING, ADDRESSES)
    asked = today(house) - timedelta(days=9)
    say(house, Said.ASKED, "orders", day=asked)
    say(house, Said.REFUSED, "addresses", day=asked)
    house.live(600, step=60)

    said = states(merchant)

    assert f"Waiting for Amazon {TRACKING}: asked for on 20 Feb 2026. Stands still: Import orders" in said
    assert f"{ADDRESSES}: refused on 20 Feb 2026." in said


def test_a_deactivated_account_is_said_to_be_one_and_of_its_roles_nothing_is_claimed(house, merchant):
    house.control("POST", f"sellers/{house.seller}/deactivate", {})
    for _ in range(2):
        house.live(70, step=70)
    assert house.account.standing == "refused"

    said = states(merchant)

    assert "access denied" in said
    assert "Amazon denies this account every access" in said
    assert words.say("en", "forecast.roles_unknown") in said
    assert words.say("en", "forecast.roles_none") not in said


def test_a_plan_that_is_not_enough_and_inactive_listings_are_the_accounts_state_too(house, merchant):
    house.live(60)
    models.Account.objects.update(selling_plan="INDIVIDUAL")
    models.AccountSite.objects.update(suspended=True)

    said = states(merchant)

    assert "The seller account has the Individual plan." in said
    assert "Listings on Amazon.fr are inactive" in said


def test_each_account_has_its_own_and_one_that_is_not_connected_says_that(house, merchant):
    connect("Old books", None, standing="none", kind="public", client="amzn1.other")

    said = states(merchant)

    assert "Old books not connected" in said
    assert words.say("en", "forecast.roles_unknown") in said
