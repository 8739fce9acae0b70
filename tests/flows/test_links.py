"""Links: equal SKU at once, equal EAN or ASIN proposed, a person decides, a link survives a renamed SKU."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from forain.core.ids import AccountId, SellerSku, ShopId, VariantId
from forain.flows import link_offers
from forain.store import models, shops

FR = "A13V1IB3VIYZZH"
HEAD = "id,sku,ean,title,price,currency,tax_rate,on_hand\n"
EAN = "2000000000015"


def shelf(make_house, catalogue, listings):
    house = make_house(on_amazon={})
    (house.folder / "catalogue.csv").write_text(HEAD + catalogue)
    told = [
        {"seller_id": house.seller, "marketplace_id": FR, "quantity": 1, "price": {"amount": "9.00", "currency": "EUR"}}
        | x
        for x in listings
    ]
    house.control("POST", "listings", told)
    house.advance(90000)
    house.live(60)
    return house


def test_an_equal_ean_is_proposed_and_nothing_is_sent_before_a_person_decides(make_house):
    house = shelf(make_house, f"v1,SOAP-FR,{EAN},Soap,6.90,EUR,20,12\n", [{"sku": "AMZ-1", "ean": EAN}])

    (proposal,) = shops.proposals(AccountId(house.account_id))
    assert (proposal.sku, proposal.variant, proposal.how) == ("AMZ-1", "v1", "same_ean")
    assert house.quantity("AMZ-1") == 1
    assert "links_to_decide" in house.refused_codes()

    link_offers.decide(house.deps, house.account, SellerSku("AMZ-1"), VariantId("v1"), same=True, by="me")
    house.live(60)

    assert house.quantity("AMZ-1") == 12
    assert "links_to_decide" not in house.refused_codes()


def test_an_equal_asin_is_proposed(make_house):
    house = make_house(on_amazon={})
    (house.folder / "catalogue.csv").write_text(
        "id,sku,asin,title,price,currency,on_hand\nv1,SOAP-FR,B000000001,Soap,6.90,EUR,12\n"
    )
    house.control(
        "POST", "listings",
        [{"seller_id": house.seller, "sku": "AMZ-1", "asin": "B000000001", "marketplace_id": FR, "quantity": 1,
          "price": {"amount": "9.00", "currency": "EUR"}}],
    )  # fmt: skip
    house.advance(90000)
    house.live(60)

    (proposal,) = shops.proposals(AccountId(house.account_id))
    assert (proposal.sku, proposal.variant, proposal.how) == ("AMZ-1", "v1", "same_asin")
    assert house.quantity("AMZ-1") == 1


def test_a_tie_is_proposed_twice_and_a_refusal_is_remembered(make_house):
    house = shelf(
        make_house, f"v1,A,{EAN},a,1.00,EUR,20,1\nv2,B,{EAN},b,1.00,EUR,20,2\n", [{"sku": "AMZ-1", "ean": EAN}]
    )
    assert {p.variant for p in shops.proposals(AccountId(house.account_id))} == {"v1", "v2"}

    link_offers.decide(house.deps, house.account, SellerSku("AMZ-1"), VariantId("v1"), same=False, by="me")
    house.advance(90000)
    house.live(60)

    assert {p.variant for p in shops.proposals(AccountId(house.account_id))} == {"v2"}


def test_a_link_survives_a_renamed_sku(make_house):
    house = shelf(make_house, "v1,SOAP,,Soap,6.90,EUR,20,12\n", [{"sku": "SOAP"}])
    assert house.quantity("SOAP") == 12

    (house.folder / "catalogue.csv").write_text(HEAD + "v1,SOAP-NEW,,Soap,6.90,EUR,20,7\n")
    house.live(60)

    assert house.quantity("SOAP") == 7


def test_links_come_from_a_file_all_or_none(make_house):
    house = shelf(make_house, "v1,A,,a,1.00,EUR,20,1\nv2,B,,b,1.00,EUR,20,2\n", [{"sku": "X"}, {"sku": "Y"}])
    good = b"marketplace_sku,variant\nX,v1\nY,v2\n"

    assert link_offers.read_csv(house.account, good + b"Z,v9\n") == link_offers.WrongLine(4, "v9", "unknown_article")
    assert isinstance(link_offers.read_csv(house.account, b"a,b\n"), link_offers.WrongLine)
    assert isinstance(link_offers.read_csv(house.account, b"\xff"), link_offers.WrongLine)
    assert isinstance(link_offers.read_csv(house.account, good + b"X,v2\n"), link_offers.WrongLine)
    link_offers.take(house.deps, house.account, link_offers.read_csv(house.account, good), by="me")
    house.live(60)

    assert (house.quantity("X"), house.quantity("Y")) == (1, 2)
    assert models.Link.objects.filter(how="file").count() == 2


def test_what_is_unlinked_on_either_side_is_listed(make_house):
    house = shelf(make_house, "v1,A,,a,1.00,EUR,20,1\n", [{"sku": "X"}])

    account = AccountId(house.account_id)
    assert [o.sku for o in shops.unlinked_skus(account)] == ["X"]
    assert [v.sku for v in shops.unlinked_variants(account, ShopId(house.shop.pk))] == ["A"]


def test_an_offer_that_says_no_ean_is_proposed_by_the_ean_of_its_product(make_house):
    house = shelf(
        make_house,
        f"v1,SOAP-FR,{EAN},Soap,6.90,EUR,20,12\nv2,OIL-FR,2000000000022,Oil,9.00,EUR,20,1\n",
        [{"sku": "AMZ-1", "asin": "B000000001"}, {"sku": "AMZ-2", "asin": "B000000002"}],
    )
    assert not shops.proposals(AccountId(house.account_id)).exists()
    house.control(
        "POST", "catalogue",
        [{"asin": "B000000001", "ean": EAN, "title": "Soap"}, {"asin": "B000000002", "ean": "2000000000099", "title": "Oil"}],
    )  # fmt: skip

    house.advance(90000)
    house.live(60)

    (proposal,) = shops.proposals(AccountId(house.account_id))
    assert (proposal.sku, proposal.variant, proposal.how) == ("AMZ-1", "v1", "same_ean")


def test_who_sells_an_article_is_found_without_reading_the_links_of_all_others(make_house):
    house = make_house({"SOAP": ("6.90", 12)}, on_amazon={"SOAP": ("6.90", 1)})
    house.live(30)
    now = house.deps.clock.now()
    models.Link.objects.bulk_create(
        models.Link(
            account=house.account, sku=f"S-{n}", variant=f"S-{n}", how="person", proposed_at=now, decided_at=now
        )
        for n in range(5000)
    )
    shop = ShopId(house.shop.pk)

    with CaptureQueriesContext(connection) as asked:
        assert set(shops.skus_of(shop, [VariantId("S-7"), VariantId("S-8")])) == {
            (house.account.pk, "S-7"),
            (house.account.pk, "S-8"),
        }

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE store_link")
        cursor.execute(f"EXPLAIN {asked[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on store_link" not in plan, plan
