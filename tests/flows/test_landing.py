"""Safe landing: before the permission ends the quantities go to 0, announced, stopped by one click, undone by the renewal."""

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connections

from forain.core import reminders
from forain.core.clock import format_instant
from forain.core.errors import GrantDoubted, Problem, Rejected, ServerFault, Unreachable
from forain.core.ids import AccountId, SiteId
from forain.core.secret import Secret
from forain.flows import arrange_reminders, authorize, land_safely, reconcile_offers, setup, watch
from forain.flows.look_ahead import every_end
from forain.shops.files import FilesShop
from forain.store import accounts, issues, landings, models, offers
from forain.web import words
from tests.post import mailbox, receiver

from .reminding import person, reach_loopback, tell, with_server
from .test_causes import Answers
from .test_consent import confirmed
from .test_killed_between_statements import deaths
from .test_permission import other_account

FR = "A13V1IB3VIYZZH"
HOUR = 3600
LAND = ("landing_announced", "landing_held", "landing_under_way")


@pytest.fixture
def amazon():
    return Answers()


@pytest.fixture
def camille(django_user_model):
    return django_user_model.objects.create_user("camille").pk


@pytest.fixture
def house(make_house, amazon, camille):
    """A shop whose permission came from Amazon's consent page, with one offer that Amazon sends."""
    found = make_house(kind="public", transport=amazon.over)
    salt = {"sku": "SALT", "marketplace_id": FR, "quantity": 50, "fulfilled_by": "AMAZON",
            "price": {"amount": "7.00", "currency": "EUR"}}  # fmt: skip
    found.control("POST", "listings", [{"seller_id": found.seller, **salt}])
    found.change("SALT", "5.60", 9)
    renew(found, camille)
    found.live(60, step=20)
    return found


@pytest.fixture
def wanted(house):
    """The merchant wants safe landings."""
    land_safely.switch(house.deps, AccountId(house.account_id), True, "camille")
    return house


def renew(house, user):
    back = confirmed(house, authorize.begin_consent(house.deps, house.account, user, FR))
    assert authorize.complete_consent(house.deps, back, user).code == "granted"


def before_the_end(house, **time):
    """Machine and Amazon run on to that long before the end; the machine is off meanwhile."""
    left = house.account.expires_at - house.box.world.now() - timedelta(**time)
    house.advance(left.total_seconds())
    house.rotate()


def lives(house, seconds=240, step=60):
    """Long enough for all that is due, and for Amazon to show what it was told."""
    house.live(seconds, step=step)


def until_announced_and_due(house):
    """Announced at seven and three days, up to two minutes before the day before the end."""
    for days in (7, 3):
        before_the_end(house, days=days, hours=23)
        lives(house, 0)
    before_the_end(house, days=1, minutes=7)
    lives(house)


def notice(house):
    return next((n for n in issues.open_notices() if n.code in LAND), None)


def told(house):
    """What the journal has of the landing, in order."""
    return [code for code in house.journal() if code.startswith("landing_")]


def quantities(house):
    return house.quantity("SOAP"), house.quantity("OIL")


def landing(house):
    return models.Landing.objects.get(account=house.account, grant_no=house.account.grant_no)


# The whole story


def test_quantities_go_to_0_a_day_before_the_end_and_come_back_after_the_renewal(wanted, camille):
    before_the_end(wanted, days=9)
    lives(wanted)
    assert told(wanted) == ["landing_on"]

    before_the_end(wanted, days=7, hours=23)
    lives(wanted)
    assert told(wanted)[1:] == ["landing_announced"]
    assert notice(wanted).code == "landing_announced"
    at = wanted.account.expires_at - timedelta(days=1)
    assert notice(wanted).placeholders == {"date": at.isoformat()}

    before_the_end(wanted, days=3, hours=23)
    lives(wanted)
    assert told(wanted)[1:] == ["landing_announced"] * 2
    assert quantities(wanted) == (12, 5)

    before_the_end(wanted, days=1, minutes=7)
    lives(wanted)
    assert quantities(wanted) == (12, 5)
    lives(wanted)

    assert quantities(wanted) == (0, 0)
    assert wanted.amazon("SALT")["availability"] == {"AMAZON_EU": None}
    assert wanted.amazon("SOAP")["prices"] == {FR: "6.90"}
    assert told(wanted)[3:] == ["landing_begun"]
    assert models.Journal.objects.get(code="landing_begun").placeholders == {"count": "2"}
    assert notice(wanted).code == "landing_under_way"
    assert notice(wanted).placeholders["count"] == ""
    assert models.Offer.objects.get(sku="SOAP").desired_steps[0][:2] == ["landing", "0"]

    renew(wanted, camille)
    lives(wanted)

    assert quantities(wanted) == (12, 5)
    assert told(wanted)[4:] == ["landing_undone"]
    assert notice(wanted) is None
    assert wanted.account.safe_landing
    wanted.change("SOAP", stock=7)
    lives(wanted)
    assert wanted.quantity("SOAP") == 7


def test_without_the_wish_nothing_lands(house):
    until_announced_and_due(house)
    lives(house)

    assert quantities(house) == (12, 5)
    assert told(house) == []
    assert not models.Landing.objects.exists()


def test_nothing_raises_a_quantity_while_it_lands_and_prices_go_on(wanted, camille):
    until_announced_and_due(wanted)
    lives(wanted)
    wanted.change("SOAP", "7.10", 40)
    wanted.change("OIL", stock=9)
    lives(wanted)

    assert quantities(wanted) == (0, 0)
    assert wanted.amazon("SOAP")["prices"] == {FR: "7.10"}
    renew(wanted, camille)
    lives(wanted)
    assert quantities(wanted) == (40, 9)


def test_an_order_cancelled_while_it_lands_puts_nothing_back_on_sale(wanted):
    until_announced_and_due(wanted)
    order = wanted.buy("SOAP", 2)
    lives(wanted, 600)
    assert wanted.quantity("SOAP") == 0

    wanted.control("POST", f"orders/{order['order_id']}/cancel", {})
    lives(wanted, 900)

    assert wanted.quantity("SOAP") == 0


def test_a_held_stock_and_an_article_that_is_gone_land_too(wanted):
    lives(wanted)
    wanted.goods["SOAP"] = ("6.90", 2_000_000)
    del wanted.goods["OIL"]
    wanted.write_catalogue()
    lives(wanted)
    assert quantities(wanted) == (12, 5)

    until_announced_and_due(wanted)
    lives(wanted)

    assert quantities(wanted) == (0, 0)


def with_stock(monkeypatch, change):
    """The shop tells its stock as `change` leaves it."""
    told = FilesShop.stock

    def stock(self, variants):
        found = dict(told(self, variants))
        change(found)
        return found

    monkeypatch.setattr(FilesShop, "stock", stock)


@pytest.mark.parametrize("gone", [True, False])
def test_an_article_the_shop_counts_no_stock_for_is_never_landed_also_gone_or_without_a_price(
    make_house, amazon, camille, monkeypatch, gone
):
    def uncounted(found):
        if "OIL" in found:
            problems = () if gone else (Problem("price_not_positive"),)
            found["OIL"] = replace(found["OIL"], level=None, price=None, problems=problems)

    with_stock(monkeypatch, uncounted)
    house = make_house(kind="public", transport=amazon.over)
    renew(house, camille)
    house.live(60, step=20)
    land_safely.switch(house.deps, AccountId(house.account_id), True, "camille")
    assert quantities(house) == (12, 1)
    if gone:
        del house.goods["OIL"]
        house.write_catalogue()
        lives(house)

    until_announced_and_due(house)
    lives(house)
    assert quantities(house) == (0, 1)

    renew(house, camille)
    lives(house)
    assert quantities(house) == (12, 1)


@pytest.mark.parametrize("error", [Unreachable("refused"), ServerFault("ill")], ids=["unreachable", "ill"])
def test_a_shop_that_is_away_stops_no_landing_and_its_prices_are_told_when_it_is_back(wanted, camille, error):
    until_announced_and_due(wanted)
    with pytest.MonkeyPatch.context() as patch:

        def away(found):
            raise error

        with_stock(patch, away)
        models.Offer.objects.filter(sku="OIL").update(desired_quantity=None, submitted_quantity=None)
        wanted.change("SOAP", "7.10", 40)
        lives(wanted, 900)

        assert quantities(wanted) == (0, 5)
        assert wanted.amazon("SOAP")["prices"] == {FR: "6.90"}
        assert not models.Offer.objects.filter(alarm="variant_gone").exists()

    lives(wanted, 1200)
    assert quantities(wanted) == (0, 0)
    assert wanted.amazon("SOAP")["prices"] == {FR: "7.10"}
    renew(wanted, camille)
    lives(wanted)
    assert quantities(wanted) == (40, 5)


def test_a_shop_that_is_away_has_nothing_told_where_no_landing_is_under_way(wanted, monkeypatch):
    def away(found):
        raise Unreachable("refused")

    with_stock(monkeypatch, away)
    wanted.change("SOAP", "7.10", 40)
    lives(wanted, 600)

    assert quantities(wanted) == (12, 5)


def test_an_offer_that_is_linked_to_nothing_is_nobodys_to_land(wanted):
    models.Link.objects.filter(sku="OIL").update(refused=True)
    offers.mark(AccountId(wanted.account_id), wanted.deps.clock.now())
    lives(wanted)

    until_announced_and_due(wanted)
    lives(wanted)

    assert quantities(wanted) == (0, 5)


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_reminders_say_it_from_seven_days_on_and_not_once_it_is_called_off(wanted, language):
    def letter():
        now = wanted.deps.clock.now()
        one = next(o for o in reminders.occasions(every_end(now), now) if o.end.clock == "authorization")
        return wanted.deps.write(one, language, "http://x", now).text

    def said(stage, at):
        return words.tell(language, f"letter.landing_{stage}", {"date": at.isoformat()}) in letter()

    at = wanted.account.expires_at - timedelta(days=1)
    before_the_end(wanted, days=20)
    lives(wanted)
    assert not said("announced", at)
    for days in (7, 3):
        before_the_end(wanted, days=days)
        lives(wanted)
        assert said("announced", at)
    before_the_end(wanted, hours=23)
    lives(wanted)
    assert said("under_way", landing(wanted).begun_at)

    land_safely.call_off(wanted.deps, AccountId(wanted.account_id), "camille")

    assert not said("announced", at)
    assert not said("under_way", landing(wanted).begun_at)


@pytest.mark.parametrize("answer", ["later", "done"])
def test_whoever_took_care_of_the_end_is_still_told_that_quantities_go_to_0(wanted, answer):
    account = AccountId(wanted.account_id)
    before_the_end(wanted, days=9, hours=12)
    lives(wanted, 0)
    now = wanted.deps.clock.now()
    with mailbox() as box, receiver() as hook:
        reach_loopback(wanted)
        with_server(wanted, box)
        person("lucie", second_mail="boss@shop.example")
        arrange_reminders.add_webhook(wanted.deps, "Chat", hook.url, "en", "camille")
        one = next(o for o in reminders.occasions(every_end(now), now) if o.end.clock == "authorization")
        arrange_reminders.take_care(wanted.deps, one.topic, account, answer, "camille")
        days = []
        for left in (9, 8, 7, 6, 5, 4, 3):
            before = len(box.mails)
            before_the_end(wanted, days=left, hours=1)
            lives(wanted, 0)
            tell(wanted, 2)
            days += [left] * (len(box.mails) - before)
        assert days == [7, 3]
        assert set(box.to) == {"lucie@shop.example"}, "somebody takes care: nobody else need hear it"
        said = words.tell("en", "letter.landing_announced", {"date": told_at(wanted)})
        assert all(said in mail.get_content() for mail in box.mails)
        assert [json.loads(body)["data"]["step"] for _, _, body in hook.calls] == [7, 3]


@pytest.mark.parametrize("answer", ["later", "done"])
def test_a_landing_that_is_called_off_is_not_announced_to_whoever_took_care(wanted, answer):
    account = AccountId(wanted.account_id)
    before_the_end(wanted, days=9, hours=12)
    lives(wanted, 0)
    now = wanted.deps.clock.now()
    with mailbox() as box:
        with_server(wanted, box)
        person("lucie")
        one = next(o for o in reminders.occasions(every_end(now), now) if o.end.clock == "authorization")
        arrange_reminders.take_care(wanted.deps, one.topic, account, answer, "camille")
        land_safely.call_off(wanted.deps, account, "camille")
        for left in (7, 3):
            before_the_end(wanted, days=left, hours=1)
            lives(wanted, 0)
            tell(wanted, 2)

        assert box.mails == []


def told_at(house):
    return (house.account.expires_at - timedelta(days=1)).isoformat()


@pytest.mark.parametrize("planned", [True, False])
def test_the_letter_of_seven_days_says_it_also_where_it_goes_out_before_the_announcement_is_written(wanted, planned):
    at = wanted.account.expires_at - timedelta(days=1)
    if not planned:
        land_safely.switch(wanted.deps, AccountId(wanted.account_id), False, "camille")
    before_the_end(wanted, days=7, hours=23)
    said = words.tell("en", "letter.landing_announced", {"date": at.isoformat()})
    with mailbox() as box, receiver() as hook:
        reach_loopback(wanted)
        with_server(wanted, box)
        person("lucie")
        arrange_reminders.add_webhook(wanted.deps, "Chat", hook.url, "en", "camille")

        tell(wanted)

        assert not models.Landing.objects.exists()
        (mail,) = [m.get_content() for m in box.mails if "The authorization" in m["Subject"]]
        assert (said in mail) == planned
        ((_, _, body),) = [c for c in hook.calls if b"authorization_expiring" in c[2]]
        assert json.loads(body)["data"]["lands_at"] == (format_instant(at) if planned else None)


# Stopped, and wanted again


def test_one_click_calls_an_announced_landing_off_for_this_grant_and_no_other(wanted, camille):
    before_the_end(wanted, days=3, hours=2)
    lives(wanted)

    assert land_safely.call_off(wanted.deps, AccountId(wanted.account_id), "camille")
    assert land_safely.call_off(wanted.deps, AccountId(wanted.account_id), "friedrich")
    before_the_end(wanted, hours=20)
    lives(wanted)

    assert quantities(wanted) == (12, 5)
    assert told(wanted) == ["landing_on", "landing_announced", "landing_called_off"]
    assert landing(wanted).called_off_by == "camille"
    assert notice(wanted) is None

    renew(wanted, camille)
    until_announced_and_due(wanted)
    lives(wanted)
    assert quantities(wanted) == (0, 0)


@pytest.mark.parametrize("how", ["stop", "off"])
def test_a_landing_that_is_under_way_is_stopped_by_one_click_and_the_stock_is_back(wanted, how):
    until_announced_and_due(wanted)
    lives(wanted)
    assert quantities(wanted) == (0, 0)

    if how == "stop":
        land_safely.call_off(wanted.deps, AccountId(wanted.account_id), "camille")
    else:
        land_safely.switch(wanted.deps, AccountId(wanted.account_id), False, "camille")
    lives(wanted, 4500, 300)

    assert quantities(wanted) == (12, 5)
    assert told(wanted)[-2:] == ["landing_called_off" if how == "stop" else "landing_off", "landing_undone"]
    assert notice(wanted) is None


@pytest.mark.parametrize("how", ["stop", "off"])
def test_who_wants_it_after_all_has_it_announced_for_an_hour_again(wanted, how):
    until_announced_and_due(wanted)
    if how == "stop":
        land_safely.call_off(wanted.deps, AccountId(wanted.account_id), "camille")
    else:
        land_safely.switch(wanted.deps, AccountId(wanted.account_id), False, "camille")
    lives(wanted, 600)

    land_safely.switch(wanted.deps, AccountId(wanted.account_id), True, "camille")
    lives(wanted, 1800)
    assert quantities(wanted) == (12, 5)
    assert notice(wanted).code == "landing_announced"
    lives(wanted, 2400)

    assert quantities(wanted) == (0, 0)


# A date that is not from a consent


def test_a_date_from_a_token_pasted_by_hand_cannot_land(make_house):
    house = make_house()
    house.live(60, step=20)
    assert house.account.estimated

    with pytest.raises(Rejected) as refused:
        land_safely.switch(house.deps, AccountId(house.account_id), True, "camille")

    assert refused.value.code == "landing_impossible"
    assert not house.account.safe_landing
    models.Account.objects.update(safe_landing=True)
    until_announced_and_due(house)
    lives(house)
    assert quantities(house) == (12, 5)
    assert told(house) == []
    assert notice(house) is None


def test_a_token_pasted_by_hand_ends_what_a_consent_began(wanted):
    until_announced_and_due(wanted)
    lives(wanted)
    assert quantities(wanted) == (0, 0)
    given = {"application_id": wanted.application["application_id"]}
    token = wanted.control("POST", f"sellers/{wanted.seller}/authorize", given)["refresh_token"]

    authorize.enter_token(wanted.deps, wanted.account, Secret(token), None)
    lives(wanted)

    assert quantities(wanted) == (12, 5)
    assert told(wanted)[-1] == "landing_undone"


def test_an_end_that_is_not_known_lands_nobody(wanted):
    models.Account.objects.update(expires_at=None)
    lives(wanted)

    assert told(wanted) == ["landing_on"]
    with pytest.raises(Rejected):
        land_safely.switch(wanted.deps, AccountId(wanted.account_id), True, "camille")


# What may stand in its way


def test_a_paused_account_is_not_landed_and_the_notice_says_so(wanted):
    before_the_end(wanted, days=6)
    setup.pause(wanted.deps, AccountId(wanted.account_id), True, "camille")
    lives(wanted)
    assert (notice(wanted).code, notice(wanted).placeholders["cause"]) == ("landing_held", "paused_by_user")

    before_the_end(wanted, hours=20)
    lives(wanted)
    assert quantities(wanted) == (12, 5)
    assert "landing_begun" not in told(wanted)

    setup.pause(wanted.deps, AccountId(wanted.account_id), False, "camille")
    lives(wanted)
    assert quantities(wanted) == (0, 0)


def test_a_read_only_account_is_not_landed_and_the_notice_says_so(wanted):
    setup.allow_writes(wanted.deps, AccountId(wanted.account_id), SiteId(FR), False, "camille")
    until_announced_and_due(wanted)
    lives(wanted)

    assert quantities(wanted) == (12, 5)
    assert (notice(wanted).code, notice(wanted).placeholders["cause"]) == ("landing_held", "read_only")


def test_doubt_on_the_day_holds_the_landing_and_a_word_of_amazons_begins_it(wanted):
    until_announced_and_due(wanted)
    authorize.on_refusal(wanted.deps, wanted.account, GrantDoubted("access_denied"), wanted.account.grant_no, 0)
    wanted.advance(20)
    land_safely_now(wanted)
    wanted.advance(40)
    watch.derive_issues(wanted.deps)
    wanted.advance(60)
    models.Account.objects.update(probed_at=wanted.deps.clock.now())
    watch.derive_issues(wanted.deps)

    assert (notice(wanted).code, notice(wanted).placeholders["cause"]) == ("landing_held", "doubted")
    assert not landing(wanted).begun_at

    lives(wanted, 600)
    assert quantities(wanted) == (0, 0)


def land_safely_now(house):
    land_safely.land_safely(house.deps, house.account)


def test_a_permission_that_is_refused_before_the_day_is_said_and_nothing_is_told(wanted):
    before_the_end(wanted, days=2)
    lives(wanted)
    wanted.control("POST", f"sellers/{wanted.seller}/revoke", {})
    lives(wanted, 600)
    before_the_end(wanted, hours=12)
    lives(wanted)

    assert wanted.account.standing == "refused"
    assert quantities(wanted) == (12, 5)
    assert (notice(wanted).code, notice(wanted).placeholders["cause"]) == ("landing_held", "revoked")
    assert landing(wanted).begun_at is None


def test_a_landing_that_is_done_stays_said_after_the_end_and_is_undone_by_a_late_renewal(wanted, camille):
    until_announced_and_due(wanted)
    lives(wanted)
    before_the_end(wanted, days=-3)
    lives(wanted, 600)
    assert wanted.account.standing == "refused"
    assert notice(wanted).code == "landing_under_way"

    renew(wanted, camille)
    lives(wanted, 600)

    assert quantities(wanted) == (12, 5)
    assert notice(wanted) is None
    assert told(wanted)[-1] == "landing_undone"


# Away, and by a wrong clock


def test_a_machine_that_was_away_announces_first_and_lands_an_hour_later(wanted):
    before_the_end(wanted, days=10)
    lives(wanted)
    before_the_end(wanted, hours=2)

    lives(wanted, 1800)
    assert quantities(wanted) == (12, 5)
    assert notice(wanted).code == "landing_announced"
    assert told(wanted) == ["landing_on", "landing_announced"]

    lives(wanted, 2400)
    assert quantities(wanted) == (0, 0)


def test_a_machine_that_was_away_after_an_announcement_lands_at_once(wanted):
    before_the_end(wanted, days=7)
    lives(wanted)
    before_the_end(wanted, hours=2)

    lives(wanted, 300)

    assert quantities(wanted) == (0, 0)


def test_a_machine_that_comes_back_after_the_end_lands_nobody_who_is_refused(wanted):
    before_the_end(wanted, days=10)
    lives(wanted)
    before_the_end(wanted, days=-1)

    lives(wanted, 5000, 500)

    assert quantities(wanted) == (12, 5)
    assert wanted.account.standing == "refused"
    assert (notice(wanted).code, notice(wanted).placeholders["cause"]) == ("landing_held", "expired")


@pytest.mark.parametrize("days", [365, 299.5, -300])
def test_a_clock_that_is_wrong_lands_nobody_however_often_it_jumps(wanted, days):
    before_the_end(wanted, days=300)
    lives(wanted)
    for _ in range(2):
        wanted.deps.clock.wrong = timedelta(days=days)
        lives(wanted, 4500, 500)
        wanted.deps.clock.wrong = timedelta(0)
        lives(wanted, 60)

    assert quantities(wanted) == (12, 5)
    assert not models.Landing.objects.filter(begun_at__isnull=False).exists()


def test_a_clock_that_jumps_past_the_day_after_an_announcement_begins_nothing_before_amazon_told_the_hour(wanted):
    before_the_end(wanted, days=5)
    lives(wanted)
    assert told(wanted)[-1] == "landing_announced"

    wanted.deps.clock.wrong = timedelta(days=11)
    for _ in range(5):
        watch.derive_issues(wanted.deps)
    lives(wanted, 900)

    assert quantities(wanted) == (12, 5)
    assert (notice(wanted).code, notice(wanted).placeholders["cause"]) == ("landing_held", "clock_wrong")
    wanted.deps.clock.wrong = timedelta(0)
    lives(wanted, 900)
    assert notice(wanted).code == "landing_announced"
    before_the_end(wanted, hours=23)
    lives(wanted)
    assert quantities(wanted) == (0, 0)


def test_answers_that_tell_no_hour_begin_nothing_however_the_clock_jumps(wanted, amazon, monkeypatch):
    before_the_end(wanted, days=5, hours=2)
    lives(wanted)
    assert told(wanted)[-1] == "landing_announced"
    answers = amazon.__call__

    def without_an_hour(self, environ, start_response):
        def start(status, headers, *more):
            return start_response(status, [(name, told) for name, told in headers if name.lower() != "date"], *more)

        return answers(environ, start)

    monkeypatch.setattr(Answers, "__call__", without_an_hour)
    wanted.deps.clock.wrong = timedelta(days=5)
    lives(wanted, 1800, 120)

    assert models.Side.objects.get(name=f"account:{wanted.account_id}").last_word_at > landing(wanted).announced_at
    assert landing(wanted).begun_at is None
    assert quantities(wanted) == (12, 5)
    monkeypatch.undo()
    lives(wanted, 600)
    assert notice(wanted).placeholders["cause"] == "clock_wrong"
    assert landing(wanted).begun_at is None


def test_what_a_wrong_clock_announced_is_announced_again_in_its_time(wanted):
    before_the_end(wanted, days=300)
    wanted.deps.clock.wrong = timedelta(days=295)
    land_safely_now(wanted)
    assert told(wanted)[-1] == "landing_announced"
    wanted.deps.clock.wrong = timedelta(0)

    before_the_end(wanted, days=7)
    land_safely_now(wanted)

    assert told(wanted) == ["landing_on", "landing_announced", "landing_announced"]
    assert landing(wanted).announced_at == wanted.deps.clock.now()


def test_amazon_that_says_nothing_lands_nobody_until_it_answers(wanted, amazon):
    before_the_end(wanted, days=6)
    lives(wanted)
    before_the_end(wanted, days=1, minutes=30)
    lives(wanted)
    amazon.store("/", 503, "<html>ill</html>")
    lives(wanted, 3600, 120)
    assert landing(wanted).begun_at is None

    amazon.stored.clear()
    lives(wanted, 3600, 120)

    assert quantities(wanted) == (0, 0)


# Two at once, and deaths


def due(house):
    """A landing that is to begin now, and has not begun."""
    until_announced_and_due(house)
    house.advance(120)
    authorize.probe(house.deps, house.account)


def test_two_workers_begin_a_landing_once(wanted):
    due(wanted)
    numbers = dict(models.Offer.objects.values_list("sku", "wanted_no"))
    barrier = threading.Barrier(2)

    def work():
        barrier.wait()
        land_safely_now(wanted)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told(wanted).count("landing_begun") == 1
    assert {sku: no + 1 for sku, no in numbers.items()} == dict(models.Offer.objects.values_list("sku", "wanted_no"))


def test_a_landing_begins_whole_or_not_at_all_whenever_the_process_dies(wanted):
    due(wanted)
    kept = models.Offer.objects.order_by("pk").values("id", "wanted_no", "marked_at")
    rows = list(kept)

    def unbegun():
        models.Landing.objects.update(begun_at=None)
        models.Journal.objects.filter(code="landing_begun").delete()
        for row in rows:
            models.Offer.objects.filter(id=row["id"]).update(**row)

    kills = 0
    for _ in deaths(lambda: land_safely_now(wanted), unbegun):
        kills += 1
        begun = landing(wanted).begun_at is not None
        marked = [row["wanted_no"] + 1 for row in rows] == [r["wanted_no"] for r in kept]
        assert begun == marked == ("landing_begun" in told(wanted))

    assert kills >= 8
    lives(wanted)
    assert quantities(wanted) == (0, 0)


@pytest.mark.parametrize("how", ["stop", "off"])
def test_a_landing_ends_whole_or_not_at_all_whenever_the_process_dies(wanted, how):
    until_announced_and_due(wanted)
    lives(wanted)
    begun_at = landing(wanted).begun_at
    kept = models.Offer.objects.order_by("pk").values("id", "wanted_no", "marked_at")
    rows = list(kept)

    def under_way():
        models.Account.objects.update(safe_landing=True)
        models.Landing.objects.update(begun_at=begun_at, called_off_at=None, called_off_by="")
        models.Journal.objects.filter(code__in=["landing_undone", "landing_off", "landing_called_off"]).delete()
        for row in rows:
            models.Offer.objects.filter(id=row["id"]).update(**row)

    def end():
        if how == "stop":
            land_safely.call_off(wanted.deps, AccountId(wanted.account_id), "camille")
        else:
            land_safely.switch(wanted.deps, AccountId(wanted.account_id), False, "camille")

    kills = 0
    for _ in deaths(end, under_way):
        kills += 1
        over = not landings.why_empty(AccountId(wanted.account_id))
        marked = [row["wanted_no"] + 1 for row in rows] == [r["wanted_no"] for r in kept]
        assert over == marked == ("landing_undone" in told(wanted))

    assert kills >= 6


def test_a_renewal_ends_the_landing_with_the_new_grant_whenever_the_process_dies(wanted):
    until_announced_and_due(wanted)
    lives(wanted)
    given = {"application_id": wanted.application["application_id"]}
    token = Secret(wanted.control("POST", f"sellers/{wanted.seller}/authorize", given)["refresh_token"])
    offer = models.Offer.objects.filter(sku="SOAP")
    before = offer.get().wanted_no
    facts = models.Account.objects.values().get()

    def as_it_was():
        models.Account.objects.update(**{k: v for k, v in facts.items() if k not in ("id", "pk")})
        models.Journal.objects.filter(code__in=["landing_undone", "renewed"]).delete()
        offer.update(wanted_no=before)
        models.Limit.objects.all().delete()

    def outcome():
        renewed = wanted.account.grant_no == facts["grant_no"] + 1
        return renewed, offer.get().wanted_no == before + 1, told(wanted).count("landing_undone") == 1

    kills = 0
    for _ in deaths(lambda: authorize._accept(
        wanted.deps, wanted.account, token, wanted.deps.clock.now(), known=True), as_it_was):  # fmt: skip
        kills += 1
        assert outcome() in ((False, False, False), (True, True, True))

    assert kills >= 8
    assert outcome() == (True, True, True), "the last one lived"
    assert not landings.why_empty(AccountId(wanted.account_id))
    lives(wanted)
    assert quantities(wanted) == (12, 5)


def test_a_run_that_began_before_the_landing_does_not_tell_over_it(wanted):
    """A worker read the account, the landing began, and only then the worker claims."""
    due(wanted)
    stale = wanted.account
    land_safely_now(wanted)

    reconcile_offers.reconcile_offers(wanted.deps, stale)
    lives(wanted)

    assert set(models.Offer.objects.filter(fulfilled_by="merchant").values_list("desired_quantity", flat=True)) == {0}
    assert quantities(wanted) == (0, 0)


def test_a_landing_that_begins_while_a_batch_is_decided_is_told_by_the_next(wanted, monkeypatch):
    due(wanted)
    wanted.change("SOAP", stock=8)
    offers.mark(AccountId(wanted.account_id), wanted.deps.clock.now())
    asked = landings.why_empty
    answers = []

    def why_empty(account):
        answers.append(asked(account))
        if len(answers) == 1:
            # Right after this worker asked, another one begins it.
            land_safely_now(wanted)
        return answers[-1]

    monkeypatch.setattr(landings, "why_empty", why_empty)
    reconcile_offers.reconcile_offers(wanted.deps, wanted.account)
    lives(wanted)

    assert answers[0] == ""
    assert quantities(wanted) == (0, 0)


def test_a_landing_stops_no_other_account(wanted):
    second = other_account(wanted)
    accounts.allow_writes(AccountId(second.pk), FR, "test", wanted.deps.clock.now())
    until_announced_and_due(wanted)
    lives(wanted)

    assert quantities(wanted) == (0, 0)
    assert not landings.why_empty(AccountId(second.pk))
    assert not accounts.get(AccountId(second.pk)).safe_landing
