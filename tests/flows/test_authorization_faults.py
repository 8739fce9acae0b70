"""What may happen to an authorization all at once, out of order or by mistake: the right account stops, and no other."""

from datetime import timedelta

import pytest

from forain.core import authorization, errors
from forain.core.ids import AccountId
from forain.core.secret import Secret
from forain.engine import jobs
from forain.flows import authorize
from forain.store import accounts, models, runs

from .conftest import cutting
from .test_causes import EVERYTHING, LOGIN, LOOK, Answers, api, login
from .test_permission import FR, other_account, token

DAY = 86400
HOUR = 3600
GONE = login("invalid_grant", "The request has an invalid grant parameter : refresh_token.")


def requests(house):
    return [r["operation"] for r in house.control("GET", "requests")]


def standings():
    return sorted(row.standing for row in accounts.every())


def let_pass(house, *pauses):
    for seconds in pauses:
        house.tick()
        house.advance(seconds)
    house.tick()


def test_a_refusal_of_the_old_token_that_arrives_after_the_renewal_changes_nothing(make_house):
    """The whole way: the flow asks with the old token, the answer is long under way, meanwhile the token is renewed."""
    meanwhile = []

    def late(box):
        def answer(environ, start_response):
            found = list(cutting(box)(environ, start_response))
            if environ["PATH_INFO"] == LOGIN and meanwhile:
                meanwhile.pop()()
            return found

        return answer

    house = make_house(transport=late)
    house.live(30, step=30)
    house.advance(2 * HOUR)
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    new = token(house)
    meanwhile.append(lambda: authorize.enter_token(house.deps, house.account, new, None))
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["probe"])

    jobs.run(house.deps, "probe", f"account:{house.account_id}")

    assert not meanwhile
    assert (house.account.standing, house.account.grant_no) == ("granted", 2)
    house.change("SOAP", stock=3)
    let_pass(house, 10, 10, 10)
    assert house.quantity("SOAP") == 3


def test_expiry_while_a_change_is_under_way_loses_nothing(make_house):
    """Amazon has taken the change and not shown it yet when the permission ends; after the renewal it is seen or told anew."""
    house = make_house()
    house.live(30, step=30)
    house.change("SOAP", stock=4)
    for _ in range(6):
        house.tick()
        if models.Offer.objects.get(sku="SOAP").submission:
            break
        house.advance(1)
    assert models.Offer.objects.get(sku="SOAP").submission
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    house.advance(2 * HOUR)
    let_pass(house, 70, 70, 70)
    assert house.account.standing == "refused"
    house.change("OIL", stock=1)
    let_pass(house, 600)

    authorize.enter_token(house.deps, house.account, token(house), None)
    let_pass(house, 10, 10, 30, 60)

    assert (house.quantity("SOAP"), house.quantity("OIL")) == (4, 1)
    assert not models.Offer.objects.filter(wanted_no__gt=models.F("settled_no")).exists()


DENIED, ILL, GOOD = (LOOK, 403, api()), (LOOK, 500, api()), None
"""What a probe may be answered."""


@pytest.mark.parametrize(
    ("answers", "standing"),
    [
        ([DENIED, GOOD, DENIED, GOOD], "granted"),
        ([DENIED, ILL, GOOD], "granted"),
        ([ILL, DENIED, ILL, DENIED], "refused"),
        ([DENIED, DENIED, GOOD], "granted"),
        ([DENIED, (LOOK, 429, api(code="QuotaExceeded")), GOOD], "granted"),
        ([DENIED, (LOOK, 200, "{}"), DENIED, DENIED], "refused"),
    ],
)
def test_probes_that_answer_differently_each_time_end_with_what_two_of_them_agree_on(make_house, answers, standing):
    amazon = Answers()
    house = make_house(transport=amazon.over)
    house.live(30, step=30)
    subject = f"account:{house.account_id}"

    for answer in answers:
        amazon.stored.clear()
        if answer:
            amazon.store(*answer)
        house.advance(120)
        runs.force(subject, house.deps.clock.now(), ["probe"])
        jobs.run(house.deps, "probe", subject)

    assert house.account.standing == standing


@pytest.mark.parametrize("body", [(LOGIN, 400, GONE), (EVERYTHING, 403, api())])
def test_half_the_accounts_refused_within_a_minute_are_doubted_and_none_is_refused_while_they_are_together(
    make_house, body
):
    """The application or Amazon is suspected, for a day; the other accounts go on."""
    amazon = Answers()
    house = make_house(transport=amazon.over)
    rows = [house.account, *(other_account(house, f"A{n}SECONDSELLER") for n in range(2, 5))]
    let_pass(house, 30)
    house.advance(2 * HOUR)
    half = [AccountId(row.pk) for row in rows[:2]]
    error = errors.GrantRefused("invalid_grant_refresh") if body[0] == LOGIN else errors.GrantDoubted("access_denied")

    begun = house.deps.clock.now()
    for minutes in (0, 1, 6, 36, 66, 600, 1400):
        house.advance(max((begun + timedelta(minutes=minutes) - house.deps.clock.now()).total_seconds(), 0))
        for number in half:
            authorize.on_refusal(house.deps, accounts.get(number), error, accounts.get(number).grant_no, 0)
            house.advance(20)
        assert standings() == ["doubted", "doubted", "granted", "granted"]
    house.advance(700)
    let_pass(house)
    assert "accounts_doubted" in house.refused_codes()
    assert not {"authorization_revoked", "authorization_expired"} & house.refused_codes()
    now = house.deps.clock.now()
    assert all(
        isinstance(accounts.may_sync(row, now), authorization.Yes) for row in accounts.every() if row.pk not in half
    )

    for number in half:
        authorize.answered(house.deps, accounts.get(number), accounts.get(number).grant_no)
    assert standings() == ["granted"] * 4


def out_of_step(house):
    """A second account, whose own work comes round minutes after the first one's."""
    let_pass(house, 30)
    second = other_account(house)
    let_pass(house, 30)
    house.advance(2 * HOUR)
    let_pass(house, 1)
    later = house.deps.clock.now() + timedelta(minutes=3)
    models.Run.objects.filter(subject=f"account:{second.pk}").update(due_at=later)
    house.change("SOAP", stock=7)
    return second


def test_everybody_denied_while_the_accounts_are_out_of_step_refuses_nobody(house):
    out_of_step(house)
    house.control("POST", "faults", {"kind": "forbidden"})

    for _ in range(70):
        let_pass(house, 10)
        assert "refused" not in standings()

    assert standings() == ["doubted", "doubted"]
    assert "accounts_doubted" in house.refused_codes()
    house.control("DELETE", "faults")
    let_pass(house, *[600] * 4)
    assert standings() == ["granted", "granted"]


def test_one_account_denied_is_refused_when_another_has_just_answered(house):
    """One look at the other tells, and one is enough."""
    second = out_of_step(house)
    before = len(requests(house))
    house.control("POST", "faults", {"kind": "forbidden", "seller_id": house.seller})

    let_pass(house, *[10] * 15)

    assert (house.account.standing, accounts.get(AccountId(second.pk)).standing) == ("refused", "granted")
    looks = [r for r in house.control("GET", "requests")[before:] if r["operation"] == "getMarketplaceParticipations"]
    assert len([r for r in looks if r["status"] == 200]) == 1


def test_accounts_that_were_renewed_in_one_go_end_together_and_each_is_said_to_have_expired(house):
    other_account(house)
    let_pass(house, 30)
    house.advance(2 * HOUR)
    models.Account.objects.update(expires_at=house.deps.clock.now())
    for row in accounts.every():
        house.control("POST", f"sellers/{row.seller}/expire", {})

    let_pass(house, *[30] * 12)

    assert standings() == ["refused", "refused"]
    told = models.Notice.objects.filter(closed_at=None, code="authorization_expired")
    assert told.count() == 2


def test_two_sellers_who_both_withdrew_are_believed_after_a_day(house):
    rows = [house.account, other_account(house)]
    for _ in range(2):
        for row in rows:
            authorize.on_refusal(house.deps, row, errors.GrantRefused("invalid_grant_refresh"), row.grant_no, 0)
        house.advance(DAY + HOUR)
        rows = [accounts.get(AccountId(row.pk)) for row in rows]
    for row in rows:
        authorize.on_refusal(house.deps, row, errors.GrantRefused("invalid_grant_refresh"), row.grant_no, 0)

    assert standings() == ["refused", "refused"]


def test_a_login_that_is_down_for_three_days_refuses_nobody_is_said_and_costs_nothing(make_house):
    amazon = Answers()
    house = make_house(transport=amazon.over)
    house.live(30, step=30)
    house.advance(2 * HOUR)
    amazon.store(LOGIN, 503, "<html>down</html>")
    house.change("SOAP", stock=2)
    order = house.buy("OIL")
    before = len(requests(house))
    let_pass(house, *[2 * HOUR] * (12 * 3))
    assert house.account.standing == "granted"
    assert house.account.application.refused_at is None
    assert "side_ill" in house.refused_codes()
    assert not {"internal", "authorization_revoked", "application_refused"} & house.refused_codes()
    assert len(requests(house)) == before

    amazon.stored.clear()
    let_pass(house, 2 * HOUR, 60, 200, 200)

    assert house.quantity("SOAP") == 2
    assert house.shop_orders() == [order["order_id"]]
    assert "side_ill" not in house.refused_codes()


def test_a_machine_that_was_off_from_day_31_to_day_2_tells_one_reminder_the_most_urgent(house):
    models.Account.objects.update(expires_at=house.deps.clock.now() + timedelta(days=31, hours=1))
    house.live(30, step=30)
    assert steps() == [60]

    house.advance(29 * DAY)
    house.live(120, step=30)

    assert steps() == [60, 3]
    house.advance(2 * DAY)
    house.live(60, step=30)
    assert steps() == [60, 3, 0]


def steps():
    return [int(row.placeholders["step"]) for row in models.Journal.objects.filter(code="reminded").order_by("id")]


def test_a_renewal_finished_in_another_tab_leaves_the_first_one_harmless(make_house, django_user_model):
    """Two tabs with a consent each: both end, each with a grant of its own, and the last one is in force."""
    from .test_consent import confirmed

    house = make_house(kind="public")
    camille = django_user_model.objects.create_user("camille").pk
    tabs = [authorize.begin_consent(house.deps, house.account, camille, "A13V1IB3VIYZZH") for _ in range(2)]
    backs = [confirmed(house, tab) for tab in tabs]

    second = authorize.complete_consent(house.deps, backs[1], camille)
    first = authorize.complete_consent(house.deps, backs[0], camille)
    again = authorize.complete_consent(house.deps, backs[1], camille)

    assert (second.code, first.code, again.code) == ("granted", "granted", "state_used")
    assert (house.account.standing, house.account.grant_no) == ("granted", 3)
    house.change("SOAP", stock=3)
    let_pass(house, 10, 10, 10)
    assert house.quantity("SOAP") == 3


MOST_IN_A_REFUSED_MONTH = 35


def refuse(house, cause):
    """From now on Amazon refuses, for this cause, whatever is asked."""
    application = house.application["application_id"]
    if cause == "wrong secret":
        house.control("POST", f"applications/{application}/rotate", {})
        house.advance(8 * DAY)
    elif cause == "expired secret":
        house.control("POST", f"applications/{application}/expire-secret", {})
    elif cause == "denied":
        # Of each seller: tokens are still given.
        for row in accounts.every():
            house.control("POST", "faults", {"kind": "forbidden", "seller_id": row.seller})
    else:
        if cause == "expire":
            models.Account.objects.update(expires_at=house.deps.clock.now())
        for row in accounts.every():
            house.control("POST", f"sellers/{row.seller}/{cause}", {})


def from_look_to_look(house, days):
    """So many days, of which only the moments are lived in which the permission is looked at."""
    end = house.deps.clock.now() + timedelta(days=days)
    while True:
        house.tick()
        lines = models.Run.objects.filter(flow="probe").values_list("due_at", flat=True)
        pause = min(lines) - house.deps.clock.now()
        if house.deps.clock.now() + pause > end:
            return
        house.advance(max(pause.total_seconds(), 1))


ONE, TWO = False, True


@pytest.mark.parametrize(
    ("cause", "several"),
    [
        ("revoke", ONE), ("expire", ONE), ("deactivate", ONE), ("denied", ONE), ("wrong secret", ONE), ("expired secret", ONE),
        ("revoke", TWO), ("denied", TWO), ("expired secret", TWO),
    ],
)  # fmt: skip
def test_a_refused_month_costs_amazon_at_most_35_requests_for_each_account(house, cause, several):
    """From the first refusal on, with every request for a token."""
    if several:
        other_account(house)
    let_pass(house, 30)
    refuse(house, cause)
    house.advance(2 * HOUR)
    before = len(requests(house))

    from_look_to_look(house, 30)

    made = requests(house)[before:]
    number = len(accounts.every())
    assert 10 * number <= len(made) <= MOST_IN_A_REFUSED_MONTH * number, len(made)
    # The first refusals are met by whatever was just due.
    assert set(made[6 * number :]) <= {"token", "getMarketplaceParticipations"}
    assert standings() == (["granted"] if "secret" in cause else ["refused"]) * number


def test_while_one_account_is_refused_stock_and_orders_of_another_go_on(house):
    second = other_account(house)
    house.control(
        "POST", "listings",
        [{"seller_id": second.seller, "sku": "SOAP", "asin": "B000000009", "marketplace_id": FR, "quantity": 1,
          "title": "SOAP", "price": {"amount": "9.99", "currency": "EUR"}}],
    )  # fmt: skip
    accounts.allow_writes(AccountId(second.pk), FR, "test", house.deps.clock.now())
    runs.force(f"account:{second.pk}", house.deps.clock.now())
    let_pass(house, *[30] * 4)
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    house.advance(2 * HOUR)
    let_pass(house, *[30] * 4)
    assert (house.account.standing, accounts.get(AccountId(second.pk)).standing) == ("refused", "granted")
    was = house.quantity("SOAP")

    house.change("SOAP", stock=4)
    order = house.buy("SOAP", seller_id=second.seller)
    let_pass(house, *[60] * 10)

    theirs = [x for x in house.control("GET", "state")["listings"] if x["seller_id"] == second.seller]
    assert [int(x["availability"]["DEFAULT"]) for x in theirs] == [3]
    assert house.shop_orders() == [order["order_id"]]
    assert house.quantity("SOAP") == was, "the refused one stands still"


@pytest.mark.parametrize("minutes", [5, 30])
def test_an_account_that_amazon_denies_for_minutes_is_back_within_the_hour(house, minutes):
    house.live(30, step=30)
    refuse(house, "denied")
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["probe"])
    let_pass(house, *[30] * 4)
    assert house.account.standing == "refused"
    house.advance(60 * minutes - 120)
    house.control("DELETE", "faults")
    house.change("SOAP", stock=3)

    let_pass(house, *[120] * 5)

    assert house.account.standing == "granted"
    assert house.quantity("SOAP") == 3


def test_a_new_secret_is_looked_at_at_once_however_long_the_old_one_was_refused(house):
    house.live(30, step=30)
    refuse(house, "wrong secret")
    from_look_to_look(house, 20)
    house.change("SOAP", stock=3)

    house.rotate()
    let_pass(house, 10, 10, 10)

    assert house.quantity("SOAP") == 3


def test_a_person_who_mended_it_need_not_wait_for_the_next_look(house, client, monkeypatch):
    from forain import wiring
    from tests.people import come_in

    house.live(30, step=30)
    house.control("POST", f"sellers/{house.seller}/deactivate", {})
    house.advance(HOUR)
    let_pass(house, 70, 70, 70)
    assert house.account.standing == "refused"
    house.control("POST", f"sellers/{house.seller}/reactivate", {})
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)

    client.post(f"/accounts/{house.account_id}/check")
    house.change("SOAP", stock=4)
    let_pass(house, 10, 10, 10)

    assert house.account.standing == "granted"
    assert house.quantity("SOAP") == 4


@pytest.mark.parametrize("around", ["{} ", " {}", "{}\n", "{}\r\n", "\t{}\n\n"])
def test_a_token_with_a_space_or_a_line_break_around_it_is_taken_without(house, client, monkeypatch, around):
    from forain import wiring
    from tests.people import come_in

    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    new = token(house).reveal()

    client.post(f"/accounts/{house.account_id}/token", {"refresh_token": around.format(new), "granted_on": ""})

    assert house.account.grant_no == 2
    assert house.deps.vault.get(f"account:{house.account_id}", "refresh") == Secret(new)


@pytest.mark.parametrize("inside", ["Atzr|has a space", "Atzr|has\na break", "Atzr|", "\N{ZERO WIDTH SPACE}Atzr|x"])
def test_a_token_that_is_broken_within_is_refused_beside_its_field_and_changes_nothing(
    house, client, monkeypatch, inside
):
    from forain import wiring
    from tests.people import come_in

    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    before = len(requests(house))

    answer = client.post(f"/accounts/{house.account_id}/token", {"refresh_token": inside, "granted_on": ""})

    assert answer["Location"].endswith("#renew")
    assert house.account.grant_no == 1
    assert len(requests(house)) == before


def test_a_token_of_two_kilobytes_is_kept_and_used_whole(make_house, client, monkeypatch):
    """Amazon's tokens hold up to 2048 bytes: the refresh token in the vault, the access token in a header."""
    from forain import wiring
    from forain_box.world import World
    from tests.people import come_in

    short = World.token

    def long(self, prefix, length=40):
        return (
            (short(self, prefix, length) + "x" * 2048)[:2048]
            if prefix.startswith("Atz")
            else short(self, prefix, length)
        )

    monkeypatch.setattr(World, "token", long)
    house = make_house()
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    new = token(house).reveal()
    assert len(new) == 2048

    client.post(f"/accounts/{house.account_id}/token", {"refresh_token": new, "granted_on": ""})
    house.change("SOAP", stock=9)
    let_pass(house, 10, 10, 10)

    assert house.account.grant_no == 2
    assert house.deps.vault.get(f"account:{house.account_id}", "refresh") == Secret(new)
    assert house.quantity("SOAP") == 9
