"""The page of the brake: what is held, the two answers to exactly that, the limits; and the word for one offer on its page."""

import html
from datetime import timedelta

import pytest
from click.testing import CliRunner

from forain import wiring
from forain.cli import main
from forain.store import models
from forain.web import words
from tests.people import come_in

FR = "A13V1IB3VIYZZH"


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    return client


@pytest.fixture
def account(transactional_db):
    now = wiring.deps().clock.now()
    application = models.Application.objects.create(marketplace="amazon", kind="private", client_id="c", created_at=now)
    row = models.Account.objects.create(
        marketplace="amazon", name="A", region="EU", seller="S", application=application, created_at=now
    )
    models.AccountSite.objects.create(account=row, site=FR, country="FR", currency="EUR")
    return row


def leap(account, sku, kind="zero", before=12, after=0, currency="", state="held"):
    now = wiring.deps().clock.now()
    offer = models.Offer.objects.create(account=account, site=FR, sku=sku, wanted_no=1, settled_no=1)
    return models.Leap.objects.create(
        account=account,
        offer=offer,
        kind=kind,
        before=before,
        after=after,
        currency=currency,
        state=state,
        marked_at=now,
    )


def page(merchant, address):
    return html.unescape(merchant.get(address).content.decode())


def send(merchant, account, **told):
    answer = merchant.post(f"/accounts/{account.pk}/brakes/answer", told, follow=True)
    return html.unescape(answer.content.decode())


def states():
    return list(models.Leap.objects.order_by("pk").values_list("state", flat=True))


def test_what_is_held_is_shown_and_yes_needs_a_second_step(merchant, account):
    rows = [leap(account, "SOAP"), leap(account, "OIL", before=3)]
    shown = page(merchant, f"/accounts/{account.pk}/brakes")
    assert "2\N{NO-BREAK SPACE}offers to 0" in shown
    assert "SOAP" in shown
    name = f"2-{rows[1].pk}"
    assert f'value="{name}"' in shown

    told = send(merchant, account, kind="zero", state="held", shown=name, answer="yes")
    assert "Tick the box first" in told
    assert states() == ["held", "held"]

    told = send(merchant, account, kind="zero", state="held", shown=name, answer="yes", sure="yes")
    assert states() == ["allowed", "allowed"]
    assert set(models.Offer.objects.values_list("wanted_no", flat=True)) == {2}
    entry = models.Journal.objects.get(code="brake_allowed")
    assert entry.placeholders == {"by": "camille", "cause": "zero", "count": "2"}
    assert "camille said yes: 2\N{NO-BREAK SPACE}held offers go to 0" in page(merchant, "/journal")


def test_what_has_changed_since_it_was_shown_is_not_answered(merchant, account):
    first = leap(account, "SOAP")
    leap(account, "OIL")

    told = send(merchant, account, kind="zero", state="held", shown=f"1-{first.pk}", answer="yes", sure="yes")

    assert "not the same any more" in told
    assert states() == ["held", "held"]
    for wrong in ({"kind": "all"}, {"state": "told"}, {"answer": "maybe"}):
        send(
            merchant,
            account,
            **({"kind": "zero", "state": "held", "shown": "2-2", "answer": "yes", "sure": "yes"} | wrong),
        )
    assert states() == ["held", "held"]


def test_no_is_said_at_once_and_can_be_taken_back(merchant, account):
    row = leap(account, "SOAP", kind="price", before=1000, after=300, currency="EUR")

    send(merchant, account, kind="price", state="held", shown=f"1-{row.pk}", answer="no")
    assert states() == ["kept"]
    assert "kept as before" in page(merchant, f"/accounts/{account.pk}/brakes")

    send(merchant, account, kind="price", state="kept", shown=f"1-{row.pk}", answer="yes", sure="yes")
    assert states() == ["allowed"]


def test_the_limits_are_set_and_what_is_none_is_refused_beside_its_field(merchant, account):
    address = f"/accounts/{account.pk}/brakes/limits"
    merchant.post(address, {"zero_share": "35", "jump": "none", "least": ""})
    assert models.Account.objects.get().brakes == {"zero_share": "35", "jump": "none"}

    answer = merchant.post(address, {"zero_share": "120", "jump": "50"})
    assert answer.status_code == 400
    assert "Not above 99." in answer.content.decode()
    assert models.Account.objects.get().brakes == {"zero_share": "35", "jump": "none"}
    assert models.Journal.objects.get(code="brake_limits").placeholders["limits"] == "zero_share=35, jump=none"


def test_an_offer_says_what_is_held_of_it_and_takes_the_word_for_it(merchant, account):
    row = leap(account, "SOAP", kind="jump", before=690, after=690_000, currency="EUR")
    shown = page(merchant, f"/offers/{row.offer_id}")
    assert "€6.90 on Amazon, €6,900.00 in your shop" in shown

    merchant.post(f"/offers/{row.offer_id}/allow", {"shown": "999"})
    assert states() == ["held"]
    merchant.post(f"/offers/{row.offer_id}/allow", {"shown": str(row.pk)})
    assert states() == ["allowed"]
    assert models.Journal.objects.get(code="leap_allowed").placeholders["after"] == "6900.00 EUR"


def test_the_list_of_offers_shows_those_that_are_held(merchant, account):
    leap(account, "SOAP")
    models.Offer.objects.create(account=account, site=FR, sku="OTHER", wanted_no=1, settled_no=1)

    shown = page(merchant, "/offers?state=braked")

    assert ("SOAP" in shown, "OTHER" in shown) == (True, False)


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_notice_leads_to_the_page(merchant, account, language):
    now = wiring.deps().clock.now()
    for code in ("brake_zero", "brake_prices", "price_jump"):
        models.Notice.objects.create(
            code=code, subject=f"account:{account.pk}/brake", severity="critical", account=account, opened_at=now,
            placeholders={"count": "40", "examples": "SOAP, OIL, ...", "sku": "SOAP", "detail": "6.90 EUR -> 6900.00 EUR"},
        )  # fmt: skip
    merchant.post("/language", {"language": language})

    shown = page(merchant, "/issues")

    assert shown.count(f"/accounts/{account.pk}/brakes#held") == 3
    assert "SOAP, OIL" in shown


def forain(*arguments):
    done = CliRunner().invoke(main, ["brake", *map(str, arguments)])
    assert done.exit_code in (0, 1, 2), done.output
    return done.exit_code, done.output


def test_what_the_page_can_the_command_line_can(account, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    rows = [leap(account, "SOAP"), leap(account, "OIL", kind="price", before=1000, after=300, currency="EUR")]

    code, listed = forain("list", account.pk)
    assert code == 0
    assert [f"held zero 1-{rows[0].pk}", "  A13V1IB3VIYZZH SOAP 12 -> 0"] == listed.splitlines()[:2]
    assert "OIL 10.00 EUR -> 3.00 EUR" in listed
    assert "zero_share=20 price_share=20 price_percent=30 least=20 jump=10" in listed

    assert forain("yes", account.pk, "zero", "1-999")[0] == 1
    assert states() == ["held", "held"]
    assert forain("yes", account.pk, "zero", f"1-{rows[0].pk}")[1] == "1 go to the marketplace\n"
    assert forain("no", account.pk, "price", f"1-{rows[1].pk}")[1] == "1 stay as they are on the marketplace\n"
    assert states() == ["allowed", "kept"]
    assert forain("yes", account.pk, "price", f"1-{rows[1].pk}")[0] == 0
    assert states() == ["allowed", "allowed"]

    assert forain("limits", account.pk, "least=5", "jump=none")[0] == 0
    assert forain("limits", account.pk, "least=0") == (1, "Error: least: Not below 1.\n")
    assert models.Account.objects.get().brakes == {"least": "5", "jump": "none"}


def test_each_part_of_the_sync_has_a_switch(merchant, account):
    address = f"/accounts/{account.pk}/pause"
    merchant.post(address, {"answer": "parts", "part": ["prices", "shipments", "all"]})
    assert models.Account.objects.get().paused == ["prices", "shipments"]
    assert "These stand still: prices, shipments." in page(merchant, f"/accounts/{account.pk}")
    assert "Paused by camille: prices, shipments" in page(merchant, "/journal")

    merchant.post(address, {"answer": "resume"})
    assert models.Account.objects.get().paused == []
    merchant.post(address, {"answer": "pause"})
    assert models.Account.objects.get().paused == ["stock", "prices", "orders"]
    merchant.post(address, {"answer": "parts"})
    assert models.Account.objects.get().paused == []


def test_what_waits_while_a_part_is_paused_is_said_with_its_age(merchant, account):
    models.Account.objects.update(paused=["stock"], standing="granted")
    since = wiring.deps().clock.now() - timedelta(hours=3)
    models.Offer.objects.create(account=account, site=FR, sku="SOAP", wanted_no=2, settled_no=1, marked_at=since)

    for address in (f"/accounts/{account.pk}", f"/accounts/{account.pk}/brakes", "/"):
        assert "1\N{NO-BREAK SPACE}change waits, the oldest for 3\N{NO-BREAK SPACE}h." in page(merchant, address), (
            address
        )


def test_all_to_zero_asks_for_a_typed_zero_and_is_undone_with_one_click(merchant, account):
    address = f"/accounts/{account.pk}/brakes/empty"
    merchant.post(address, {"answer": "empty"})
    merchant.post(address, {"answer": "empty", "sure": "yes"})
    assert models.Account.objects.get().emptied_at is None

    merchant.post(address, {"answer": "empty", "sure": " 0 "})
    assert models.Account.objects.get().emptied_by == "camille"
    assert "by camille." in page(merchant, f"/accounts/{account.pk}/brakes")
    assert "camille set all quantities to 0" in page(merchant, "/journal")

    merchant.post(address, {"answer": "undo"})
    assert models.Account.objects.get().emptied_at is None
    assert "camille undid it" in page(merchant, "/journal")


def test_a_holiday_is_days_of_the_merchants_zone_and_is_confirmed(merchant, account):
    address = f"/accounts/{account.pk}/brakes/holiday"
    today = words.local(wiring.deps().clock.now()).date()
    first, last = today + timedelta(days=10), today + timedelta(days=12)
    days = {"first": first.isoformat(), "last": last.isoformat()}
    merchant.post(address, days)
    for wrong in ({"first": "soon"}, {"first": last.isoformat(), "last": first.isoformat()}, {"last": "9999-12-31"}):
        merchant.post(address, {**days, **wrong, "sure": "yes"})
    assert models.Account.objects.get().holiday_begins is None

    merchant.post(address, {**days, "sure": "yes"})
    row = models.Account.objects.get()
    begins, ends = words.local(row.holiday_begins), words.local(row.holiday_ends)
    assert (begins.date(), begins.hour, ends.date(), ends.hour) == (first, 0, last + timedelta(days=1), 0)

    merchant.post(address, {"answer": "none"})
    assert models.Account.objects.get().holiday_begins is None


def test_amazons_own_vacation_is_said_on_the_page(merchant, account):
    models.AccountSite.objects.update(suspended=True, domain="amazon.fr")

    assert "Amazon shows none of your offers on amazon.fr" in page(merchant, f"/accounts/{account.pk}/brakes")


def test_the_command_line_empties_undoes_and_enters_holidays(account, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")

    def say(*arguments, typed=""):
        done = CliRunner().invoke(main, ["account", *map(str, arguments)], input=typed)
        return done.exit_code, done.output

    assert say("empty", account.pk, typed="n\n")[0] == 1
    assert models.Account.objects.get().emptied_at is None
    assert say("empty", account.pk, "--yes") == (0, "all quantities go to 0\n")
    assert say("empty", account.pk, "--undo") == (0, "quantities are what the shop has\n")
    assert say("empty", account.pk, "--undo") == (0, "nothing was set to 0\n")

    today = words.local(wiring.deps().clock.now()).date()
    first, last = today + timedelta(days=3), today + timedelta(days=5)
    assert say("holiday", account.pk) == (0, "there is none\n")
    assert say("holiday", account.pk, "--first", last, "--last", first, "--yes")[0] == 1
    assert say("holiday", account.pk, "--first", first, "--last", last)[0] == 1
    assert say("holiday", account.pk) == (0, "there is none\n")
    assert say("holiday", account.pk, "--first", first, "--last", last, "--yes") == (0, f"from {first} until {last}\n")
    assert say("holiday", account.pk, "--off") == (0, "taken back\n")

    assert say("pause", account.pk, "prices") == (0, "paused: prices\n")
    assert say("pause", account.pk) == (0, "paused: stock, prices, orders\n")
    assert say("pause", account.pk, "--off") == (0, "running\n")
