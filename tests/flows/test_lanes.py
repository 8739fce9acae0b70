"""What goes first: to zero, then what is low, then the rest; prices after quantities, content last."""

from django.db.models import F

from forain.core.ids import AccountId
from forain.core.roads import Lane
from forain.flows import reconcile_offers
from forain.flows.mirror_catalogue import mirror_catalogue
from forain.store import models, offers

GOODS = {
    "TEXT": ("10.00", 20),
    "PRICE": ("10.00", 20),
    "MANY": ("10.00", 20),
    "LOW": ("10.00", 20),
    "GONE": ("10.00", 20),
}


def lanes():
    rows = models.Offer.objects.filter(wanted_no__gt=F("settled_no"))
    return dict(rows.values_list("sku", "lane"))


def test_changes_of_the_shop_are_taken_in_the_order_of_their_urgency(make_house):
    house = make_house(dict(GOODS), on_amazon=GOODS)
    house.live(30, step=10)
    assert not lanes()
    house.goods |= {"PRICE": ("11.00", 20), "MANY": ("10.00", 15), "LOW": ("10.00", 2), "GONE": ("10.00", 0)}
    house.write_catalogue()
    text = house.folder / "catalogue.csv"
    text.write_text(text.read_text().replace("Title of TEXT", "Another title"))

    mirror_catalogue(house.deps, house.shop)

    assert lanes() == {
        "GONE": Lane.TO_ZERO, "LOW": Lane.LOW, "MANY": Lane.QUANTITY, "PRICE": Lane.PRICE, "TEXT": Lane.CONTENT,
    }  # fmt: skip
    rows = offers.claim(AccountId(house.account_id), house.deps.clock.now(), 20)
    assert [row.sku for row in rows] == ["GONE", "LOW", "MANY", "PRICE", "TEXT"]


def test_a_waiting_offer_keeps_its_urgency_and_a_settled_one_begins_anew(make_house):
    house = make_house(dict(GOODS), on_amazon=GOODS)
    house.live(30, step=10)
    account, now = AccountId(house.account_id), house.deps.clock.now()

    offers.mark(account, now, skus=["GONE"], lane=Lane.TO_ZERO)
    offers.mark(account, now, skus=["GONE"], lane=Lane.PRICE)
    assert lanes() == {"GONE": Lane.TO_ZERO}
    reconcile_offers.reconcile_offers(house.deps, house.account)
    assert not lanes()
    offers.mark(account, now, skus=["GONE"], lane=Lane.PRICE)

    assert lanes() == {"GONE": Lane.PRICE}
