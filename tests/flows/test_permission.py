"""The authorization machine at work: late answers, several accounts, the application, probes, reminders, renewal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forain.contracts.marketplace import Grant
from forain.core import authorization, errors
from forain.core.authorization import Phase
from forain.core.ids import AccountId
from forain.core.issues import AccountFacts, derive
from forain.core.secret import Secret
from forain.engine import jobs, schedule
from forain.flows import authorize, setup
from forain.store import accounts, models, runs

from .conftest import cutting

FR = "A13V1IB3VIYZZH"
DAY = 86400


def token(house):
    told = {"application_id": house.application["application_id"]}
    return Secret(house.control("POST", f"sellers/{house.seller}/authorize", told)["refresh_token"])


def other_account(house, seller="A2SECONDSELLER"):
    house.control("POST", "sellers", {"seller_id": seller, "region": "eu", "marketplace_ids": [FR]})
    granted = house.control(
        "POST", f"sellers/{seller}/authorize", {"application_id": house.application["application_id"]}
    )
    now = house.deps.clock.now()
    row = models.Account.objects.create(
        marketplace="amazon", name=seller, region="EU", seller=seller, application=house.account.application,
        shop=house.shop, options=house.account.options, created_at=now,
    )  # fmt: skip
    authorize.enter_token(house.deps, accounts.get(AccountId(row.pk)), Secret(granted["refresh_token"]), now)
    return accounts.get(AccountId(row.pk))


def test_a_refusal_of_the_former_grant_that_comes_late_changes_nothing(house):
    former = house.account.grant_no
    authorize.enter_token(house.deps, house.account, token(house), None)

    authorize.on_refusal(house.deps, house.account, errors.GrantRefused(), former, 0)

    assert (house.account.standing, house.account.grant_no) == ("granted", former + 1)


def test_two_refusals_within_a_minute_are_one_and_two_a_minute_apart_refuse(house):
    grant_no = house.account.grant_no
    for seconds in (0, 30):
        house.advance(seconds)
        authorize.on_refusal(house.deps, house.account, errors.GrantRefused(), grant_no, 0)
        assert house.account.standing == "doubted"

    house.advance(31)
    authorize.on_refusal(house.deps, house.account, errors.GrantRefused(), grant_no, 0)

    assert house.account.standing == "refused"


def test_a_refusal_noted_just_after_another_worker_had_confirmed_is_a_first_one(house, monkeypatch):
    grant_no = house.account.grant_no
    authorize.on_refusal(house.deps, house.account, errors.GrantRefused(), grant_no, 0)
    house.advance(61)
    look = accounts.others

    def confirmed_meanwhile(*told):
        authorize.answered(house.deps, house.account, grant_no)
        return look(*told)

    monkeypatch.setattr(accounts, "others", confirmed_meanwhile)
    authorize.on_refusal(house.deps, house.account, errors.GrantRefused(), grant_no, 0)

    assert house.account.standing == "doubted"


def test_several_accounts_in_doubt_are_not_refused_and_are_one_issue(house):
    second = other_account(house)
    for seconds in (0, 90):
        house.advance(seconds)
        for row in (house.account, accounts.get(AccountId(second.pk))):
            authorize.on_refusal(house.deps, row, errors.GrantDoubted(), row.grant_no, 0)
    assert {row.standing for row in accounts.every()} == {"doubted"}

    facts = [AccountFacts(f"account:{row.pk}", accounts.facts_of(row), accounts.application_of(row))
             for row in accounts.every()]  # fmt: skip
    found = derive(facts, [], house.deps.clock.now() + timedelta(minutes=11))

    assert {issue.code for issue in found if issue.code.endswith("doubted")} == {"accounts_doubted"}


def test_a_refused_application_stops_all_its_accounts_and_they_come_back_by_themselves(house):
    second = other_account(house)
    house.live(60)
    runs.set_due("probe", f"account:{house.account_id}", house.deps.clock.now())
    house.advance(3700)
    authorize.on_refusal(house.deps, house.account, errors.AppRefused("invalid_client"), house.account.grant_no, 0)
    now = house.deps.clock.now()
    assert all(isinstance(accounts.may_sync(row, now), authorization.No) for row in accounts.every())
    house.change("SOAP", stock=4)

    house.live(300, step=10)

    assert house.quantity("SOAP") == 4
    assert "application_refused" not in house.refused_codes()
    assert accounts.get(AccountId(second.pk)).resumed_at is not None


def refusing_late(box):
    """A wire on which the answer about a token is long under way. `meanwhile`: what happens before it arrives."""
    inner = cutting(box)
    box.meanwhile = None

    def answer(environ, start_response):
        found = list(inner(environ, start_response))
        if environ["PATH_INFO"].endswith("/token") and box.meanwhile is not None:
            meanwhile, box.meanwhile = box.meanwhile, None
            meanwhile()
        return found

    return answer


@pytest.mark.parametrize("flow", ["probe", "import_orders"])
def test_a_refusal_of_the_former_client_secret_that_comes_late_stops_no_account(make_house, flow):
    house = make_house(transport=refusing_late)
    house.live(60)
    rotated = house.control("POST", f"applications/{house.application['application_id']}/rotate", {})
    house.advance(8 * DAY)
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), [flow])
    house.box.meanwhile = lambda: authorize.enter_secret(
        house.deps, house.account.application, Secret(rotated["client_secret"]), None
    )

    jobs.run(house.deps, flow, f"account:{house.account_id}")

    assert house.box.meanwhile is None
    assert "secret_rotated" in house.journal()
    assert house.account.application.refused_at is None
    assert isinstance(accounts.may_sync(house.account, house.deps.clock.now()), authorization.Yes)
    house.change("SOAP", stock=4)
    house.live(60)
    assert house.quantity("SOAP") == 4


def test_a_refused_application_is_looked_at_after_a_minute_and_ever_more_rarely():
    now = datetime(2026, 3, 1, tzinfo=UTC)
    refused = authorization.Application(refused_at=now)
    pauses, at = [], now
    for _ in range(8):
        look = authorization.next_application_probe_at(refused, at)
        pauses.append((look - at).total_seconds() / 60)
        at = look

    assert pauses == [1, 5, 30, 240, 1440, 4320, 4320, 4320]
    assert authorization.next_application_probe_at(authorization.Application(), now) is None


def test_past_the_end_date_sync_runs_on_with_few_probes(make_house):
    house = make_house()
    house.live(60)
    models.Account.objects.update(expires_at=house.deps.clock.now() - timedelta(days=1))
    assert authorization.phase(accounts.facts_of(house.account), house.deps.clock.now()) is Phase.OVERDUE
    before = len([r for r in house.control("GET", "requests") if r["operation"] == "getMarketplaceParticipations"])

    for stock in range(20, 40):
        house.change("SOAP", stock=stock)
        house.live(60)
        assert house.quantity("SOAP") == stock

    after = len([r for r in house.control("GET", "requests") if r["operation"] == "getMarketplaceParticipations"])
    assert 1 <= after - before <= 15


def test_while_refused_there_is_one_probe_a_day_in_the_end(house):
    house.live(60)
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    house.advance(3700)
    house.live(5 * 3600, step=600)
    assert house.account.standing == "refused"
    before = len([r for r in house.control("GET", "requests") if r["operation"] == "token"])

    house.live(3 * DAY, step=1800)

    assert len([r for r in house.control("GET", "requests") if r["operation"] == "token"]) - before == 3


def test_a_paused_account_is_left_alone_in_the_shop_too_and_goes_on_where_it_stood(house):
    house.live(60)
    order = house.buy("SOAP", pending_seconds=200)
    house.live(240, step=30)
    setup.pause(house.deps, AccountId(house.account_id), True, "me")
    house.live(1200, step=60)
    assert house.shop_orders() == []

    setup.pause(house.deps, AccountId(house.account_id), False, "me")
    house.live(600, step=30)

    assert house.shop_orders() == [order["order_id"]]


def test_each_reminder_is_told_once_in_the_journal_whoever_asks(house):
    house.live(30)
    models.Account.objects.update(expires_at=house.deps.clock.now() + timedelta(days=61))
    for _ in range(64):
        house.advance(DAY)
        for _ in range(2):
            authorize.remind(house.deps, house.account)

    told = models.Journal.objects.filter(code="reminded").order_by("id")

    assert [int(row.placeholders["step"]) for row in told] == [60, 30, 28, 21, 14, 7, 3, 1, 0]


@pytest.mark.parametrize("operation", ["getMarketplaceParticipations", "searchListingsItems", "getAccount"])
def test_a_marketplace_ill_for_a_moment_does_not_cost_the_consent(make_house, django_user_model, operation):
    house = make_house(kind="public", connect=False)
    user = django_user_model.objects.create_user("camille")

    class Redeems:
        """Amazon's consent came back; only what follows goes to the box."""

        def __init__(self, adapter):
            self._adapter = adapter

        def __getattr__(self, name):
            return getattr(self._adapter, name)

        def redeem(self, query, redirect_uri):
            return Grant(house.seller, token(house))

    class Opener:
        def __init__(self, opener):
            self._opener = opener

        def __getattr__(self, name):
            return getattr(self._opener, name)

        def marketplace(self, *given, **rest):
            return Redeems(self._opener.marketplace(*given, **rest))

    deps = replace(house.deps, open=Opener(house.deps.open))
    url = authorize.begin_consent(deps, house.account, user.pk, FR)
    state = url.split("state=")[1].split("&")[0]
    house.control("POST", "faults", {"kind": "status-500", "operation": operation, "count": 1})

    outcome = authorize.complete_consent(deps, {"state": state, "selling_partner_id": house.seller}, user.pk)
    house.live(120)

    assert outcome.code == "granted"
    assert house.account.standing == "granted"
    assert accounts.sites(AccountId(house.account_id))


def test_a_consent_for_another_seller_changes_nothing(make_house, django_user_model):
    house = make_house(kind="public")
    user = django_user_model.objects.create_user("camille")
    url = authorize.begin_consent(house.deps, house.account, user.pk, FR)
    state = url.split("state=")[1].split("&")[0]
    before = house.account.grant_no

    outcome = authorize.complete_consent(
        house.deps, {"state": state, "selling_partner_id": "A9ANOTHER", "spapi_oauth_code": "x"}, user.pk
    )

    assert outcome.code == "wrong_account"
    assert (house.account.standing, house.account.grant_no) == ("granted", before)


def test_disconnecting_forgets_the_token_and_what_was_to_do(house):
    house.live(60)
    models.Finding.objects.create(
        code="order_held", subject=f"account:{house.account_id}/unknown_sku", account=house.account,
        placeholders={}, found_at=house.deps.clock.now(),
    )  # fmt: skip

    authorize.disconnect(house.deps, house.account)
    house.live(60)

    assert house.account.standing == "none"
    assert not models.VaultEntry.objects.filter(owner=f"account:{house.account_id}").exists()
    assert "order_held" not in house.refused_codes()


def test_a_wish_to_cancel_is_still_to_be_answered_after_the_account_was_taken_out_and_connected_again(house):
    house.live(60)
    order = house.buy("SOAP")
    house.live(600, step=30)
    house.control("POST", f"orders/{order['order_id']}/request-cancellation", {})
    house.live(600, step=30)
    assert "cancel_asked" in house.refused_codes()
    authorize.disconnect(house.deps, house.account)
    house.live(60)
    assert "cancel_asked" not in house.refused_codes()

    authorize.enter_token(house.deps, house.account, token(house), None)
    house.live(600, step=30)

    assert "cancel_asked" in house.refused_codes()


def test_a_renewal_during_a_run_of_the_old_grant_is_followed_at_once(house):
    house.live(60)
    now = house.deps.clock.now()
    runs.force(f"account:{house.account_id}", now, ["import_orders"])
    lease = runs.begin("import_orders", f"account:{house.account_id}", now)
    house.advance(1)
    authorize.enter_token(house.deps, house.account, token(house), None)

    flow = schedule.FLOWS["import_orders"]
    jobs._fail(house.deps, flow, f"account:{house.account_id}", (1, 0), lease, errors.GrantRefused())

    assert runs.get("import_orders", f"account:{house.account_id}").due_at <= house.deps.clock.now()
    assert house.account.standing == "granted"
