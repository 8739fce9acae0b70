"""Why an offer had its number at any past moment: kept when it changes, on the page and on the command line, forgotten in time."""

import html
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.test import Client

from forain.cli import main
from forain.core.ids import AccountId
from forain.flows import prune
from forain.store import models, offers, reckonings, runs
from forain.store.rules import Place
from forain.web import words
from tests.people import come_in

from .test_rules import say


@pytest.fixture
def house(make_house):
    house = make_house({"SOAP": ("6.90", 12)}, on_amazon={"SOAP": ("6.90", 1)})
    house.live(120)
    return house


def offer():
    return models.Offer.objects.get(sku="SOAP")


def as_of(moment):
    return reckonings.as_of(offer().pk, moment)


def now(house):
    return house.deps.clock.now()


def test_what_was_wanted_at_a_past_moment_is_known_with_its_reasons(house):
    before = now(house)
    house.change("SOAP", stock=9)
    house.live(120)
    between = now(house)
    house.advance(60)
    say(house, Place("account"), buffer="2")
    house.live(120)

    assert [as_of(moment).quantity for moment in (before, between, now(house))] == [12, 9, 7]
    assert ["buffer", "2"] not in [step[:2] for step in as_of(between).steps]
    assert any(step[0] == "buffer" for step in as_of(now(house)).steps)
    assert as_of(before - timedelta(days=1)) is None
    assert (as_of(now(house)).steps, as_of(now(house)).notes) == (offer().desired_steps, offer().notes)


def test_what_does_not_change_is_kept_once_however_often_it_is_reckoned(house):
    count, decided = models.Reckoning.objects.count(), offer().desired_at

    for _ in range(3):
        offers.mark(AccountId(house.account_id), now(house), skus=["SOAP"])
        runs.poke("reconcile_offers", f"account:{house.account_id}", now(house))
        house.live(60)

    assert offer().settled_no == offer().wanted_no
    assert offer().desired_at > decided
    assert models.Reckoning.objects.count() == count


def test_the_page_shows_an_offer_as_it_was_and_says_what_is_wrong_with_a_moment(house):
    client = Client()
    come_in(client)
    at = f"{words.local(now(house)):%Y-%m-%dT%H:%M:%S}"
    house.advance(60)
    house.change("SOAP", stock=9)
    house.live(300)

    def page(told):
        return html.unescape(client.get(f"/offers/{offer().pk}", {"at": told}).content.decode())

    past = page(at).partition('id="past"')[2]
    assert "<b>12 ·" in past
    assert "Told Amazon: quantity 12" in past
    assert "quantity 9" not in past
    assert "Nothing was reckoned by then" in page("2020-01-01T00:00")
    assert "A date and a time are needed" in page("yesterday")
    assert "A date and a time are needed" in page("0001-01-01T00:00")


def test_the_command_line_says_why(house):
    before = now(house)
    house.advance(60)
    house.change("SOAP", stock=9)
    house.live(300)

    def why(*more):
        return CliRunner().invoke(main, ["offer", "why", str(house.account_id), *more])

    told = why("SOAP").output
    assert "Quantity: 9" in told
    assert "Told Amazon: quantity 9" in told
    past = why("SOAP", "--at", f"{words.local(before):%Y-%m-%d %H:%M:%S}", "--site", "FR").output
    assert "Quantity: 12" in past
    assert "quantity 9" not in past
    for wrong, said in (
        (("NONE",), "has no offer NONE"),
        (("SOAP", "--site", "XX"), "has no site XX"),
        (("SOAP", "--at", "noon"), "does not match"),
    ):
        refused = why(*wrong)
        assert (refused.exit_code != 0, said in refused.output) == (True, True), refused.output


def test_reasons_are_forgotten_but_for_the_last_one_before_their_time(house):
    for stock in (9, 8):
        house.change("SOAP", stock=stock)
        house.live(120)
    then = now(house)
    house.advance(reckonings.KEPT.total_seconds() - 1000)
    prune.prune(house.deps)
    assert models.Reckoning.objects.count() > 2

    house.advance(2000)
    prune.prune(house.deps)

    assert [one.quantity for one in models.Reckoning.objects.filter(at__lte=then)] == [8]
