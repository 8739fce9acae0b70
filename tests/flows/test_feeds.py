"""Two roads: what is many goes to Amazon in one feed, followed to its report, whatever happens to it on the way."""

import json
from collections import Counter

import pytest
from django.db import connection
from django.db.models import F

from forain.core import roads
from forain.core.ids import AccountId
from forain.core.secret import Secret
from forain.engine import jobs
from forain.flows import authorize, send_feeds
from forain.flows.mirror_catalogue import mirror_catalogue
from forain.marketplaces.amazon import feeds as amazon_feeds
from forain.store import feeds, limits, models, offers, runs
from forain_box import feeds as box_feeds
from forain_box.http import Cut, Response

from .conftest import FR

MANY = 54
GOODS = {f"SKU{n:03d}": ("10.00", 20) for n in range(MANY)}


class Calls:
    """Counts what Amazon was asked, by operation, and remembers who was told by which road when."""

    def __init__(self, box):
        self.asked, self.told, self.uploads = Counter(), [], []
        """`uploads`: what the storage does with the next ones instead of taking them."""
        answer = box.answer

        def heard(request):
            if request.parts[0] == "box":
                return answer(request)
            self.asked[request.method, request.parts[1]] += 1
            now = box.world.now()
            if request.method == "PUT" and self.uploads:
                return self.uploads.pop(0)(request)
            if request.method == "PUT" and request.parts[0] == "documents":
                skus = [message["sku"] for message in json.loads(request.body)["messages"]]
                assert len(skus) == len(set(skus)), "an SKU twice in one feed"
                self.handed_in = skus
            told = []
            if request.method == "PATCH":
                told = [(now, request.parts[-1], "call")]
            if request.method == "POST" and request.parts[-2:] == ("2021-06-30", "feeds"):
                told = [(now, sku, "feed") for sku in self.handed_in]
            try:
                response = answer(request)
            except Cut:
                self.told += told
                raise
            if response.status < 300:
                self.told += told
            return response

        box.answer = heard

    def by(self, road):
        return [sku for _, sku, how in self.told if how == road]

    def never_both_within_an_hour(self):
        last = {}
        for at, sku, how in sorted(self.told):
            before = last.get(sku)
            assert before is None or before[1] == how or at - before[0] >= roads.APART, (sku, before, at, how)
            last[sku] = (at, how)


@pytest.fixture
def shop_of_many(make_house):
    """A house at rest with many goods, whose calls are counted from now on."""
    house = make_house(dict(GOODS), on_amazon=dict.fromkeys(GOODS, ("10.00", 20)))
    house.live(30, step=10)
    assert not waiting()
    # With the published five a second a feed pays from 900 on; here Amazon allows fewer calls.
    calls = {"rate": 0.2, "burst": 5, "tokens": 5, "at": house.deps.clock.now()}
    models.Limit.objects.update_or_create(
        scope=limits.scope_of(house.account), operation="patchListingsItem", defaults=calls
    )
    house.calls = Calls(house.box)
    return house


LINES = ("import_orders", "reconcile_offers", "send_feeds", "observe_offers")


def go(house, seconds, step=3.0):
    """Time passes; the lines that have to do with offers run as they are due."""
    passed = 0.0
    while passed <= seconds:
        for flow, subject in runs.due(house.deps.clock.now()):
            if flow in LINES:
                jobs.run(house.deps, flow, subject)
        house.advance(step)
        passed += step


def change(house, stock, skus=GOODS):
    for sku in skus:
        house.goods[sku] = ("10.00", stock)
    house.write_catalogue()
    mirror_catalogue(house.deps, house.shop)


def until_begun(house):
    """The feed is at Amazon, and its end was not read yet."""
    for _ in range(20):
        subject = f"account:{house.account_id}"
        for flow in ("reconcile_offers", "send_feeds"):
            if any(due == (flow, subject) for due in runs.due(house.deps.clock.now())):
                jobs.run(house.deps, flow, subject)
        found = feeds.open_feed(AccountId(house.account_id))
        if found is not None and found.state == "under_way":
            return found
        house.advance(1)
    raise AssertionError("no feed was begun")


def fault(house, kind, operation, count=1):
    house.control("POST", "faults", {"kind": kind, "operation": operation, "count": count})


def otherwise(house, stock):
    """SKUs that Amazon does not show with so many pieces."""
    return {sku for sku in GOODS if house.quantity(sku) != stock}


def waiting():
    return set(models.Offer.objects.filter(wanted_no__gt=F("settled_no")).values_list("sku", flat=True))


def at_rest(house, stock):
    assert not otherwise(house, stock)
    assert not waiting()
    assert not models.FeedLine.objects.exclude(feed__how="stuck").exists()
    assert not models.Offer.objects.filter(feed__isnull=False).exists()
    assert not models.Offer.objects.exclude(submission="").exists()
    house.calls.never_both_within_an_hour()


def hows():
    return list(models.Feed.objects.order_by("pk").values_list("how", flat=True))


def finding():
    return models.Finding.objects.filter(code="feed_failed").first()


def at_amazon(house):
    return list(house.box.world.state.feeds.values())


def test_many_changes_go_in_one_feed_and_its_report_settles_them(shop_of_many):
    house = shop_of_many
    change(house, 15)

    go(house, 40)

    at_rest(house, 15)
    feed = models.Feed.objects.get()
    assert (feed.state, feed.how, feed.told, feed.refused, feed.shown) == ("ended", "done", MANY, 0, MANY)
    assert house.calls.by("call") == []
    assert house.calls.asked.total() < 15, house.calls.asked
    assert ("GET", "listings") not in house.calls.asked
    assert house.journal(f"{FR}/SKU007")[-2:] == ["told", "observed"]
    assert {"feed_begun", "feed_done"} <= set(house.journal())


def test_few_changes_go_one_by_one(shop_of_many):
    house = shop_of_many
    change(house, 15, ["SKU001", "SKU002"])

    go(house, 40)

    assert sorted(house.calls.by("call")) == ["SKU001", "SKU002"]
    assert not models.Feed.objects.exists()
    assert not waiting()


def test_falls_to_zero_go_ahead_of_the_feed_and_the_rest_with_it(shop_of_many):
    house = shop_of_many
    zeros = ["SKU050", "SKU051", "SKU052"]
    change(house, 15)
    change(house, 0, zeros)

    go(house, 60)

    assert sorted(house.calls.by("call")) == zeros
    assert set(house.calls.by("feed")) == set(GOODS) - set(zeros)
    first = {how: min(at for at, _, road in house.calls.told if road == how) for how in ("call", "feed")}
    assert first["call"] <= first["feed"]
    assert {house.quantity(sku) for sku in zeros} == {0}
    assert otherwise(house, 15) == set(zeros)
    assert not waiting()


def test_what_a_feed_told_goes_by_feed_for_an_hour_and_then_by_call_again(shop_of_many):
    house = shop_of_many
    change(house, 15)
    go(house, 40)

    change(house, 0, ["SKU003"])
    go(house, 240)

    assert house.quantity("SKU003") == 0
    assert house.calls.by("feed").count("SKU003") == 2
    house.advance(3600)
    change(house, 4, ["SKU003"])
    go(house, 60)
    assert house.quantity("SKU003") == 4
    assert house.calls.by("call") == ["SKU003"]
    house.calls.never_both_within_an_hour()


def test_what_was_told_by_call_does_not_go_into_a_feed_within_the_hour(shop_of_many):
    house = shop_of_many
    change(house, 9, ["SKU004", "SKU005"])
    go(house, 40)

    change(house, 15)
    go(house, 90)

    at_rest(house, 15)
    assert {"SKU004", "SKU005"}.isdisjoint(house.calls.by("feed"))


def test_a_newer_change_of_what_is_in_a_feed_is_told_after_it(shop_of_many):
    house = shop_of_many
    change(house, 15)
    until_begun(house)

    change(house, 7)
    go(house, 400)

    at_rest(house, 7)
    assert hows() == ["done", "done"]


def test_a_change_that_comes_before_the_feed_is_handed_in_is_told_once(shop_of_many):
    house = shop_of_many
    change(house, 15)
    subject = f"account:{house.account_id}"
    jobs.run(house.deps, "reconcile_offers", subject)
    assert models.FeedLine.objects.count() == MANY

    change(house, 7, ["SKU001"])
    go(house, 300)

    assert house.quantity("SKU001") == 7
    assert [sku for _, sku, _ in house.calls.told].count("SKU001") == 1
    assert otherwise(house, 15) == {"SKU001"}
    house.calls.never_both_within_an_hour()


def test_a_feed_that_breaks_off_is_looked_at_and_sent_once_more_and_then_goes_one_by_one(shop_of_many):
    house = shop_of_many
    fault(house, "feed-fatal", "JSON_LISTINGS_FEED", 2)
    change(house, 15)

    go(house, 500, step=5)
    assert hows() == ["aborted", "aborted"]
    assert finding().placeholders["count"] == str(MANY)
    go(house, 4500, step=30)

    at_rest(house, 15)
    assert house.calls.by("call") or len(set(house.calls.by("feed"))) == MANY
    house.advance(6 * 3600)
    go(house, 30)
    assert finding() is None


def test_a_feed_that_nothing_is_left_for_keeps_no_old_notice_standing(shop_of_many):
    house = shop_of_many
    fault(house, "feed-fatal", "JSON_LISTINGS_FEED", 2)
    change(house, 15)
    go(house, 5000, step=30)
    assert finding() is not None

    house.advance(6 * 3600)
    now = house.deps.clock.now()
    assert feeds.begin(AccountId(house.account_id), FR, now, "") is not None
    runs.poke("send_feeds", f"account:{house.account_id}", now)
    go(house, 30)

    assert feeds.open_feed(AccountId(house.account_id)) is None
    assert finding() is None


def test_a_stuck_feed_is_called_off_and_noticed_and_its_offers_go_one_by_one(shop_of_many):
    house = shop_of_many
    fault(house, "feed-stuck", "JSON_LISTINGS_FEED")
    change(house, 15)

    go(house, 3500, step=30)
    assert otherwise(house, 15)
    go(house, 1200, step=10)

    at_rest(house, 15)
    assert hows()[0] == "stuck"
    assert finding().placeholders["cause"] == "stuck"
    assert "feed_failed" in house.journal()


def test_many_offers_that_were_told_by_calls_a_minute_ago_do_not_wait_for_a_feed_that_may_not_take_them(shop_of_many):
    house = shop_of_many
    models.Offer.objects.update(road="call", submitted_at=house.deps.clock.now())
    change(house, 15)

    go(house, 300, step=5)

    at_rest(house, 15)
    assert hows() == []


def test_a_stuck_feed_that_is_carried_out_hours_later_leaves_no_old_quantity_on_sale(shop_of_many):
    house = shop_of_many
    fault(house, "feed-stuck", "JSON_LISTINGS_FEED")
    change(house, 15)
    number = until_begun(house).number
    go(house, 3600, step=30)
    change(house, 7)
    go(house, 2400, step=10)
    at_rest(house, 7)

    house.control("DELETE", "faults")
    world = house.box.world
    world.state.feeds[number].status = "IN_QUEUE"
    world.write_later("feed.started", feed=number)
    go(house, 60)
    assert not otherwise(house, 15)
    go(house, 4000, step=10)

    at_rest(house, 7)


def test_a_stuck_feed_is_asked_after_for_three_days_and_no_longer(shop_of_many):
    house = shop_of_many
    fault(house, "feed-stuck", "JSON_LISTINGS_FEED")
    change(house, 15)
    go(house, 5000, step=10)
    assert models.FeedLine.objects.exists()

    go(house, 3 * 86400, step=1800)

    assert not models.FeedLine.objects.exists()
    at_rest(house, 15)


def test_a_feed_that_somebody_cancelled_told_nothing_and_is_sent_anew(shop_of_many):
    house = shop_of_many
    change(house, 15)
    number = until_begun(house).number
    before = models.Offer.objects.get(sku="SKU000").submitted_quantity
    assert before == 15
    assert box_feeds.cancel(house.box.world, house.box.world.state.feeds[number])

    house.calls.told.clear()  # Amazon did nothing of it.
    go(house, 20)
    assert hows()[0] == "cancelled"
    assert models.Offer.objects.get(sku="SKU000").submission == ""
    go(house, 700, step=10)

    at_rest(house, 15)


def tampered(house, number, tamper):
    """Amazon's report of a feed that has ended, changed before we read it."""
    house.advance(10)
    told = house.box.world.state.feeds[number]
    assert told.status == "DONE"
    document = house.box.world.state.documents[told.result_document]
    report = json.loads(amazon_feeds._unpacked(document.content))
    tamper(report)
    document.content, document.compression = json.dumps(report).encode(), ""


def refuse(report, number, sku):
    told = {"messageId": number, "sku": sku, "code": "90220", "severity": "ERROR", "message": "'price' is required"}
    report["issues"].append(told)
    report["summary"]["messagesAccepted"] -= 1
    report["summary"]["messagesInvalid"] += 1
    report["items"] = [item for item in report["items"] if item["sku"] != sku]


def test_a_partly_accepted_feed_has_its_refused_ones_shown_and_the_others_settled(shop_of_many):
    house = shop_of_many
    change(house, 15)
    feed = until_begun(house)
    line = list(feed.lines.order_by("pk").values_list("sku", flat=True))

    tampered(house, feed.number, lambda report: refuse(report, 5, line[4]))
    go(house, 20)

    row = models.Offer.objects.get(sku=line[4])
    assert (row.alarm, row.alarm_detail) == ("refused", "'price' is required")
    assert [reason[:2] for reason in row.refusals] == [["90220", "'price' is required"]]
    assert row.refused_at is not None
    assert house.journal(f"{FR}/{line[4]}")[-1] == "refused"
    assert not waiting()
    assert not models.Offer.objects.exclude(sku=line[4]).exclude(alarm="").exists()
    assert models.Feed.objects.get().refused == 1
    assert finding() is None


def test_a_line_about_a_message_nobody_sent_harms_none(shop_of_many):
    house = shop_of_many
    change(house, 15)
    feed = until_begun(house)

    tampered(house, feed.number, lambda report: refuse(report, 999, "STRANGER"))
    go(house, 60)

    at_rest(house, 15)
    assert not models.Offer.objects.exclude(alarm="").exists()


def test_a_message_that_the_report_leaves_out_is_told_again(shop_of_many):
    house = shop_of_many
    change(house, 15)
    feed = until_begun(house)

    def leave_out(report):
        report["items"] = report["items"][1:]
        report["summary"]["messagesProcessed"] -= 1
        report["summary"]["messagesAccepted"] -= 1

    tampered(house, feed.number, leave_out)
    go(house, 60)

    at_rest(house, 15)


@pytest.mark.parametrize("lost", ["missing", "unreadable", "unnamed"])
def test_a_report_that_is_missing_or_unreadable_leaves_everything_to_be_looked_at(shop_of_many, lost):
    house = shop_of_many
    change(house, 15)
    number = until_begun(house).number
    house.advance(10)
    told = house.box.world.state.feeds[number]
    if lost == "missing":
        del house.box.world.state.documents[told.result_document]
    elif lost == "unnamed":
        told.result_document = ""
    else:
        document = house.box.world.state.documents[told.result_document]
        document.content, document.compression = b"[]", ""

    go(house, 60)

    at_rest(house, 15)
    assert hows() == ["unread"]
    assert finding().placeholders["cause"] == "unread"


def cut(request):
    raise Cut


def broken(request):
    return Response(500, b"<Error><Code>InternalError</Code></Error>", {"content-type": "application/xml"})


def expired(request):
    return Response(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", {})


@pytest.mark.parametrize("how", [cut, broken, expired])
def test_an_upload_that_fails_is_made_again_and_tells_nothing_twice(shop_of_many, how):
    house = shop_of_many
    house.calls.uploads = [how, how]
    change(house, 15)

    go(house, 200)

    at_rest(house, 15)
    assert len(at_amazon(house)) == 1


@pytest.mark.parametrize("how", [cut, broken, expired])
def test_what_is_in_a_feed_that_cannot_be_handed_in_goes_one_by_one(shop_of_many, how):
    house = shop_of_many
    house.calls.uploads = [how] * 1000
    change(house, 15)

    go(house, 2400, step=5)

    at_rest(house, 15)
    assert house.calls.by("feed") == []
    assert hows()[0] == "refused"
    assert finding().placeholders["count"] == str(MANY)


@pytest.mark.parametrize("operation", ["createFeedDocument", "createFeed"])
def test_where_feeds_are_not_allowed_all_goes_one_by_one_until_they_are(shop_of_many, operation):
    house = shop_of_many
    fault(house, "forbidden", operation, None)
    change(house, 15)

    go(house, 900, step=5)

    at_rest(house, 15)
    assert list(house.account.denied_operations) == [operation]
    change(house, 7)
    go(house, 900, step=5)
    at_rest(house, 7)
    assert len(hows()) == 1

    house.control("DELETE", "faults")
    house.advance(86400)
    go(house, 10)
    assert house.account.denied_operations == {}
    change(house, 9)
    go(house, 120)
    at_rest(house, 9)
    assert hows()[-1] == "done"


@pytest.mark.parametrize("operation", ["getFeed", "getFeeds"])
@pytest.mark.parametrize("kind", ["forbidden", "status-500"])
def test_a_feed_that_may_not_be_asked_after_is_given_up_like_a_stuck_one(shop_of_many, operation, kind):
    house = shop_of_many
    if operation == "getFeeds":
        fault(house, "cut-after-write", "createFeed")
    fault(house, kind, operation, None)
    change(house, 15)
    go(house, 60)
    change(house, 7)

    go(house, 3000, step=30)
    assert otherwise(house, 7)
    go(house, 6000, step=30)

    assert hows()[0] == "stuck"
    at_rest(house, 7)


@pytest.mark.parametrize("kind", ["cut-after-write", "truncated", "status-500", "cut", "throttle", "html-503"])
def test_a_feed_whose_beginning_is_answered_badly_is_found_or_begun_anew_and_never_twice(shop_of_many, kind):
    house = shop_of_many
    fault(house, kind, "createFeed", 1)
    change(house, 15)

    go(house, 500, step=5)

    at_rest(house, 15)
    assert hows() == ["done"]
    assert len(at_amazon(house)) == 1


@pytest.mark.parametrize("operation", ["getFeed", "getFeedDocument", "createFeedDocument", "getFeeds"])
def test_other_steps_answered_badly_are_made_again(shop_of_many, operation):
    house = shop_of_many
    for kind in ("status-500", "truncated", "throttle", "cut"):
        fault(house, kind, operation, 1)
    fault(house, "cut-after-write", "createFeed", 1)
    change(house, 15)

    go(house, 900, step=10)

    at_rest(house, 15)
    assert len(at_amazon(house)) == 1


def test_a_document_that_amazon_takes_no_more_closes_the_road_for_a_while(shop_of_many, monkeypatch):
    house = shop_of_many
    hand_in = amazon_feeds.hand_in
    monkeypatch.setattr(amazon_feeds, "hand_in", lambda *told: hand_in(*told) + "X")
    change(house, 15)

    go(house, 20)
    assert hows() == ["refused"]
    assert not models.Offer.objects.filter(road="feed").exists()
    monkeypatch.undo()
    go(house, 600, step=10)

    at_rest(house, 15)


def test_a_permission_withdrawn_while_a_feed_is_under_way_loses_nothing(shop_of_many):
    house = shop_of_many
    change(house, 15)
    until_begun(house)
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    house.live(600, step=60)
    assert house.account.standing == "refused"
    change(house, 7)

    told = {"application_id": house.application["application_id"]}
    granted = house.control("POST", f"sellers/{house.seller}/authorize", told)
    now = house.deps.clock.now()
    assert authorize.enter_token(house.deps, house.account, Secret(granted["refresh_token"]), now).code == "granted"
    house.live(900, step=15)

    at_rest(house, 7)


class Died(BaseException):
    """The process was killed: no `except Exception` sees it."""


def killed(work, at):
    """Do `work` and die before its statement number `at`, with all that was not committed; False: it came to its end. In this
    process, so that what Amazon was told until then stays told."""
    done = 0

    def dying(execute, sql, params, many, context):
        nonlocal done
        done += 1
        if done >= at:
            raise Died
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(dying):
            work()
    except Died:
        connection.close()
        return True
    return False


def test_a_worker_killed_before_any_statement_of_a_feed_loses_nothing_and_tells_no_older_value(make_house):
    goods = {"SOAP": ("6.90", 12), "OIL": ("14.50", 5), "HONEY": ("9.00", 7)}
    house = make_house(dict(goods), on_amazon=goods)
    house.live(30, step=10)
    subject, stock = f"account:{house.account_id}", [20]

    def shown():
        return {house.quantity(sku) for sku in goods}

    def filled():
        """What was left of the last death comes right; then a feed of newer values is there to be sent."""
        house.advance(400)
        go(house, 200, step=20)
        assert stock[0] == 20 or (shown() == {stock[0]} and not waiting()), (stock, shown())
        stock[0] += 1
        models.Limit.objects.filter(operation="createFeed").update(tokens=5)
        models.Offer.objects.update(road="feed", submitted_at=house.deps.clock.now())
        change(house, stock[0], goods)
        jobs.run(house.deps, "reconcile_offers", subject)
        assert models.FeedLine.objects.count() == len(goods)

    def sent():
        for _ in range(3):
            send_feeds.send_feeds(house.deps, house.account)
            house.advance(5)

    kills = 0
    while True:
        filled()
        if not killed(sent, kills + 1):
            break
        kills += 1

    assert shown() == {stock[0]}
    assert kills > 20


def test_two_workers_at_one_feed_begin_it_once(shop_of_many):
    house = shop_of_many
    change(house, 15)
    jobs.run(house.deps, "reconcile_offers", f"account:{house.account_id}")
    mine = feeds.open_feed(AccountId(house.account_id))
    now = house.deps.clock.now()

    first = feeds.claim(mine, now)

    assert feeds.claim(mine, now) is None
    assert send_feeds.send_feeds(house.deps, house.account) == first.claimed_until
    later = feeds.claim(mine, first.claimed_until)
    assert later is not None
    assert not feeds.starting(first, now), "who was away for too long begins nothing"
    assert feeds.starting(later, now)
    assert feeds.add(later, [], now) == 0
    assert not offers.claim(AccountId(house.account_id), now, 20), "what a feed tells is told by nobody else"
