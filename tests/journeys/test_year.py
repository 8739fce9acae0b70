"""One year in the life of an Amazon account: connected by our own consent, warned, withdrawn, its secret renewed and then
forgotten, expired, refused for a month, renewed; and how long the merchant was without a word.

Every duration is simulated time; the figures stand in a table at the end of the run.
"""

from datetime import timedelta

import pytest

from forain import wiring
from forain.core import authorization
from forain.flows.prove_orders import SETTLED
from forain.marketplaces.amazon import MANIFEST
from forain.store import accounts, models
from tests.conftest import SIMULATED
from tests.flows.reminding import person
from tests.journeys.year import YearHouse, allow, least_seconds, proof, year_house
from tests.post import mailbox

MINUTE, HOUR = 60, 3600
DAY = timedelta(days=1)
STEPS = list(authorization.REMINDER_DAYS)
PLANNED_BEFORE = 60
UNPLANNED_WITHIN = 10 * MINUTE
MOST_IN_A_REFUSED_MONTH = 35
SKUS = [f"ART-{n:02}" for n in range(12)]
CAMILLE, FRIEDRICH = "camille@shop.example", "friedrich@shop.example"
ENDS = ("L'autorisation chez Amazon expire le", "Die Autorisierung bei Amazon endet am")
EXPIRED = ("L'autorisation chez Amazon a expiré le", "Die Autorisierung bei Amazon ist am")
REVOKED = ("L'accès a été retiré chez Amazon", "Der Zugriff wurde bei Amazon entzogen")
SECRET_ENDS = ("Le secret client de votre application expire le", "Das Client-Secret Ihrer Anwendung endet am")
SECRET_OVER = ("Le secret client de votre application a dépassé", "Das Client-Secret Ihrer Anwendung ist älter")
LOST = ("orders lost", "stock changes lost", "price changes lost")


@pytest.fixture
def post():
    with mailbox() as box:
        yield box


@pytest.fixture
def house(tmp_path, transactional_db, post, client, monkeypatch) -> YearHouse:
    goods = {sku: (f"{n + 5}.90", 100 + n) for n, sku in enumerate(SKUS)}
    found = year_house(tmp_path / "shop", post.server(), goods, client)
    monkeypatch.setattr(wiring, "deps", lambda: found.deps)
    person(language="fr")
    person("friedrich", "operator", language="de")
    return found


def phase(house):
    return authorization.phase(accounts.facts_of(house.account), house.deps.clock.now()).value


@pytest.fixture
def figures(record_property):
    """Measured values by name, for the table at the end of the run."""
    told = {}
    yield told
    for name, value in told.items():
        record_property(f"{SIMULATED}{name}", value)


def told_both(post, since, words):
    """The mails from there on with these words in one of their languages; each of the two people got one, in theirs."""
    french, german = words
    new = [mail for mail in post.mails[since:] if french in mail["Subject"] or german in mail["Subject"]]
    if new:
        # Nobody twice, nobody not, and nobody in the other's language.
        assert sorted((mail["To"], french in mail["Subject"]) for mail in new) == [(CAMILLE, True), (FRIEDRICH, False)]
    return bool(new)


def seconds_to_first_notice(house, post, words, most=UNPLANNED_WITHIN):
    """From now until both people have the mail of what has just happened. Sync runs on its timetable meanwhile."""
    before = len(post.mails)
    return house.until(lambda: told_both(post, before, words), most)


def reminded(house, post, end, words, steps=STEPS):
    """Stride to each step before `end`: nobody is told the day before, and both are within minutes of it, once. The
    answer is how many days before the end the first one was."""
    first, mails = None, len(post.mails)
    for step in steps:
        reached = end - (step + 1) * DAY
        house.on(reached - timedelta(minutes=10))
        assert len(post.mails) == mails, f"before {step} days"
        house.on(reached + timedelta(minutes=1))
        assert told_both(post, mails, words), f"{step} days before the end"
        first = first or (end - house.deps.clock.now()) // DAY
        mails += 2
    return first


def in_step(house):
    return house.shown() == house.wanted()


def nothing_to_do(house):
    """After a stride the orders are counted anew first."""
    house.until(lambda: house.refused_codes() == set(), 3 * HOUR, step=5 * MINUTE)


def test_a_year(house, post, figures):
    connected(house)
    withdrawn(house, post, figures)
    secret_renewed_in_time(house, post, figures)
    secret_forgotten(house, post, figures)
    nobody_renews(house, post, figures)
    left = refused_month(house, figures)
    renewed(house, figures, left)
    assert [figures[name] for name in LOST] == [0, 0, 0]
    assert min(figures[name] for name in figures if name.startswith("days from the first notice")) >= PLANNED_BEFORE


def connected(house):
    """Consent, stock and prices out, an order in, its shipment back."""
    assert "autorisé jusqu" in house.consent()
    assert house.account.expires_at == house.deps.clock.now() + 365 * DAY
    house.live(30, step=10)
    assert {price for price, _ in house.shown().values()} == {"19.90"}, "nothing is sent before somebody says yes"
    allow(house)
    house.until(lambda: in_step(house), MINUTE)
    order = house.buy(SKUS[0], 2)["order_id"]
    house.until(lambda: house.shop_orders() == [order], 15 * MINUTE, step=60)
    house.ship(order)
    house.until(lambda: house.order_at_amazon(order)["status"] == "SHIPPED", 10 * MINUTE, step=60)
    assert in_step(house)


def withdrawn(house, post, figures):
    """In the middle of a working day the seller disables the application."""
    house.on(house.deps.clock.now() + 20 * DAY)
    house.live(10 * MINUTE, step=60)
    house.withdraw()
    figures["seconds from a withdrawal to the first notice"] = seconds_to_first_notice(house, post, REVOKED)
    assert phase(house) == "revoked"
    assert "L&#x27;accès a été retiré chez Amazon" in house.page("/issues")
    order = house.buy(SKUS[1])["order_id"]
    house.change(SKUS[2], price="2.95", stock=70)
    house.live(HOUR, step=5 * MINUTE)
    assert order not in house.shop_orders()
    assert house.shown()[SKUS[2]] != ("2.95", 70)

    house.consent()
    figures['seconds from the renewal after it to "0 missing"'] = house.until(lambda: proof(house), 10 * MINUTE, step=5)
    assert (proof(house).missing_before, proof(house).missing_now) == (1, 0)
    house.until(lambda: in_step(house), MINUTE)
    assert order in house.shop_orders()
    nothing_to_do(house)


def secret_renewed_in_time(house, post, figures):
    """The secret's end is told of 60 days before; a new one is typed in, and nobody authorizes again."""
    end, grant = house.account.application.secret_expires_at, house.account.grant_no
    figures["days from the first notice to a secret's end"] = reminded(house, post, end, SECRET_ENDS, [60])
    assert "Le nouveau secret client fonctionne" in house.new_secret()
    assert house.account.application.secret_expires_at == house.deps.clock.now() + 180 * DAY
    house.on(end + DAY)
    house.change(SKUS[3], stock=110)
    house.until(lambda: in_step(house), 2 * MINUTE)
    assert house.account.grant_no == grant
    nothing_to_do(house)


def secret_forgotten(house, post, figures):
    """Told at every step, nobody makes a new one: Amazon refuses everything from that second on, though it goes on giving
    tokens. A new secret brings all back; the authorization stands."""
    end, grant = house.account.application.secret_expires_at, house.account.grant_no
    reminded(house, post, end, SECRET_ENDS)
    house.on(end - timedelta(minutes=12))
    house.until(lambda: house.deps.clock.now() >= end, HOUR)
    figures["seconds from a secret's end to the first notice of the stop"] = seconds_to_first_notice(
        house, post, SECRET_OVER
    )
    assert "a dépassé ses 180 jours" in house.page("/issues")
    order = house.buy(SKUS[4])["order_id"]
    house.change(SKUS[5], price="3.15")
    house.on(house.deps.clock.now() + DAY)
    assert order not in house.shop_orders()

    house.new_secret()
    house.until(lambda: proof(house), 10 * MINUTE, step=5)
    assert (proof(house).missing_before, proof(house).missing_now) == (1, 0)
    house.until(lambda: in_step(house), MINUTE)
    assert house.account.grant_no == grant
    nothing_to_do(house)


def nobody_renews(house, post, figures):
    """The authorization's end is told of at every step, in the mails and on the pages; the day comes, and it is refused."""
    end = house.account.expires_at
    figures["days from the first notice to the authorization's end"] = reminded(house, post, end, ENDS)
    assert "expire le" in house.page("/issues")
    house.on(end - timedelta(minutes=12))
    assert phase(house) == "expiring"
    house.until(lambda: house.deps.clock.now() >= end, HOUR)
    figures["seconds from the expiry to the first notice of the stop"] = seconds_to_first_notice(house, post, EXPIRED)
    assert phase(house) == "expired"
    assert {"authorization_expired"} == house.refused_codes()
    assert "L&#x27;autorisation chez Amazon a expiré le" in house.page("/issues")


def refused_month(house, figures):
    """Buyers go on buying, the shop goes on changing; Amazon is only asked now and then. The answer is the orders of it."""
    begun, known, before = house.deps.clock.now(), house.shop_orders(), house.shown()
    bought = []
    for day in range(30):
        bought.append(house.buy(SKUS[day % len(SKUS)], 1 + day % 3)["order_id"])
        if day % 3 == 0:
            house.change(SKUS[day % len(SKUS)], price=f"{day + 1}.45", stock=60 + day)
        for _ in range(2):
            house.advance(12 * HOUR)
            house.tick()
    asked = house.asked_since(begun)
    figures["requests to Amazon in the refused month"] = asked.total()
    assert set(asked) <= {"token", "getMarketplaceParticipations"}
    assert 25 <= asked.total() <= MOST_IN_A_REFUSED_MONTH
    assert house.shop_orders() == known
    assert {sku: price for sku, (price, _) in house.shown().items()} == {
        sku: price for sku, (price, _) in before.items()
    }
    return bought


def renewed(house, figures, bought):
    """Two clicks, and all of the month is made good: as fast as Amazon's limits let, and proven by its own report."""
    house.orders_a_page(2)
    begun = house.deps.clock.now()
    house.consent()
    house.until(lambda: set(bought) <= set(house.shop_orders()), 5 * MINUTE)
    house.until(lambda: in_step(house), 5 * MINUTE)
    figures["seconds from the renewal until orders, stock and prices are right"] = seconds_since(house, begun)
    house.until(lambda: proof(house), 2 * HOUR, step=MINUTE)
    assert (proof(house).missing_before, proof(house).missing_now) == (len(bought), 0)
    figures['seconds from the renewal to "0 missing"'] = seconds_since(house, begun)
    # What Amazon's limits alone ask for is one reading of the pages. The flow reads each for the orders and once more for
    # the proof, and looks for new orders at every other turn of the latter.
    pages = -(-len(bought) // 2)
    once, least = (least_seconds({"searchOrders": times * pages}, MANIFEST.limits) for times in (1, 2))
    figures["seconds that Amazon's limits ask for at least: one reading of the lists (its burst may hold them all)"] = (
        once
    )
    figures["seconds that they ask for: reading and proof"] = least
    figures['percent of the latter, renewal to "0 missing"'] = 100 * seconds_since(house, begun) / least
    assert house.asked_since(begun)["searchOrders"] <= 3 * pages + 3
    assert seconds_since(house, begun) <= 2 * least
    house.until(lambda: counted(house), 3 * HOUR, step=5 * MINUTE)
    took = seconds_since(house, begun)
    figures['seconds from the renewal to "0 missing" by Amazon\'s report'] = took
    figures["percent of these that are Forain's own wait until the report can have the last orders"] = (
        100 * SETTLED.total_seconds() / took
    )
    figures["orders lost"] = len(set(bought) - set(house.shop_orders()))
    wanted, shown = house.wanted(), house.shown()
    figures["stock changes lost"] = sum(shown[sku][1] != wanted[sku][1] for sku in SKUS)
    figures["price changes lost"] = sum(shown[sku][0] != wanted[sku][0] for sku in SKUS)
    everything = [order["order_id"] for order in house.control("GET", "state")["orders"]]
    assert house.shop_orders() == sorted(everything), "each order exactly once"
    nothing_to_do(house)


def seconds_since(house, moment):
    return (house.deps.clock.now() - moment).total_seconds()


def counted(house):
    """Amazon's own list of all orders, up to after the renewal, has none that the book has not."""
    found = models.OrderProof.objects.filter(account_id=house.account_id, until__gte=house.account.resumed_at).first()
    return found is not None and found.whole and found.still_missing == []
