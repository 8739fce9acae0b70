"""People for tests of the pages: somebody with a role, logged in as the pages want it, with a phone, and a buyer."""

from datetime import timedelta

import pyotp
from django.contrib.auth import get_user_model

from forain import wiring
from forain.core.ids import AccountId, MarketplaceOrderId, OrderKey, SellerSku, SiteId
from forain.core.money import LineTotal, Money
from forain.core.orders import Address, Line, Order, OrderStatus
from forain.core.people import Role
from forain.flows import second_factor
from forain.store import models, orders, people

PASSWORD = "a long enough one"
BUYER = ("Perrine Quenneville", "rue des Ormeaux", "69003 Lyon-Montchat", "perrine@buyers.example", "+33611223344")
"""Words that no page may show to whoever may not see buyers."""


def add(name="camille", role="owner", password=None, phone=False):
    """Somebody of that role. Without a password nothing is hashed, and nobody can log in by one.

    `phone`: they count as having a second factor; whoever tests the codes sets a real one up.
    """
    user = get_user_model().objects.create_user(name, password=password)
    at = wiring.deps().clock.now() if phone else None
    return models.Person.objects.create(user=user, role=Role(role).value, second_factor_at=at)


def come_in(client, name="camille", role="owner"):
    """The client, logged in as somebody of that role who showed a second factor."""
    person = people.named(name) or add(name, role, phone=True)
    client.force_login(person.user)
    session = client.session
    session["second_factor"] = True
    session.save()
    return client


class ManualClock:
    """Time as a test wants it."""

    def __init__(self, moment):
        self.moment = moment

    def now(self):
        return self.moment

    def advance(self, **time):
        self.moment += timedelta(**time)


def clock_by_hand(monkeypatch):
    """The product's clock in the hand of the test; everything else as it was."""
    old = wiring.deps()
    clock = ManualClock(old.clock.now())
    deps = wiring.build(clock, old.vault, old.public_url)
    monkeypatch.setattr(wiring, "deps", lambda: deps)
    return clock


def set_up_phone(person):
    """A phone for this person: (the secret it holds, the recovery codes)."""
    deps = wiring.deps()
    person.refresh_from_db()
    secret = second_factor.begin(deps, person, "phone").reveal()
    codes = second_factor.confirm(deps, person, "phone", code_of(secret))
    assert codes is not None
    return secret, codes


def code_of(secret, steps=0):
    """What the phone shows now, or so many steps of 30 seconds later."""
    return pyotp.TOTP(secret).at(wiring.deps().clock.now() + timedelta(seconds=30 * steps))


def store_a_buyer(account=None):
    """An order with its buyer in the sealed body, as reading it from the marketplace writes it."""
    deps = wiring.deps()
    now = deps.clock.now()
    if account is None:
        application = models.Application.objects.create(
            marketplace="amazon", kind="private", client_id="c", created_at=now
        )
        account = models.Account.objects.create(
            marketplace="amazon", name="Amazon", region="EU", seller="S", application=application, created_at=now
        )
    name, street, place, mail, phone = BUYER
    code, _, city = place.partition(" ")
    euro = Money(690, "EUR")
    order = Order(
        key=OrderKey(AccountId(account.pk), MarketplaceOrderId("303-7654321-7654321")),
        site=SiteId("A13V1IB3VIYZZH"),
        status=OrderStatus.UNSHIPPED,
        fulfilled_by="merchant",
        purchased_at=now,
        updated_at=now,
        lines=(Line("1", SellerSku("SOAP"), "Soap", 1, LineTotal(euro)),),
        currency="EUR",
        total=euro,
        ship_to=Address(name, (f"12 {street}",), city, code, "FR", phone=phone),
        buyer_email=mail,
    )
    orders.see(order, deps.vault, now)
    return models.Order.objects.get(order_id="303-7654321-7654321")
