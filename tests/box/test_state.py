"""The world on disk, and the same world from the same seed."""

import pytest

from forain_box import Box, keep
from tests.box.client import Client, quantity


def lived():
    """A world with a bit of everything, and plans for later."""
    client = Client()
    client.buy(pending_seconds=600)
    client.patch([quantity(9)])
    client.control("POST", "mws-developers", {"name": "m", "developer_number": "4141-0616-7444"})
    client.control(
        "POST", "sellers/SELLER1/mws-authorize", {"application_name": "m", "developer_number": "4141-0616-7444"}
    )
    rival = {"marketplace_id": client.site, "price": "5.00"}
    client.control(
        "POST",
        "catalogue",
        [{"asin": "B02", "title": "Tub", "competitors": [rival], "reference_prices": {client.site: 6}}],
    )
    client.control("POST", "faults", {"kind": "listing-reappears"})
    client.put("TUB", 3, asin="B02", fulfilled_by="AMAZON", business_price={"amount": "5.00"})
    client.put("GONE", 1)
    client.api("DELETE", f"listings/2021-08-01/items/SELLER1/GONE?marketplaceIds={client.site}")
    client.advance(1)
    client.control("POST", "faults", {"kind": "slow", "operation": "nothing"})
    return client


def test_a_world_read_back_goes_on_where_it_stood(tmp_path):
    client, file = lived(), tmp_path / "world.json"
    keep.write(client.box.world, file)
    after = client.__class__.__new__(client.__class__)
    after.__dict__ |= client.__dict__ | {"box": Box(world=keep.read(file, "manual"))}

    for one in (client, after):
        one.advance(3600)

    assert after.control("GET", "state") == client.control("GET", "state")
    assert after.item() == client.item()
    assert after.item("TUB") == client.item("TUB")
    found = "listings/2021-08-01/items/SELLER1?withStatus=BUYABLE&marketplaceIds=" + client.site
    assert after.api("GET", found) == client.api("GET", found)
    assert after.api("GET", "orders/2026-01-01/orders?createdAfter=2026-01-01T00:00:00Z") == client.api(
        "GET", "orders/2026-01-01/orders?createdAfter=2026-01-01T00:00:00Z"
    )


def test_the_same_seed_and_the_same_calls_give_the_same_world_to_the_byte(tmp_path):
    files = [tmp_path / "a", tmp_path / "b"]
    for file in files:
        client = lived()
        client.advance(86400)
        keep.write(client.box.world, file)

    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("content", [b"", b"{}", b'{"version": 99}', b"\xff"])
def test_a_file_that_is_no_world_is_said_to_be_none(tmp_path, content):
    file = tmp_path / "world.json"
    file.write_bytes(content)

    with pytest.raises(keep.Unreadable, match="no state of a box"):
        keep.read(file, "manual")


def test_a_world_with_plans_of_another_box_is_refused(tmp_path):
    file = tmp_path / "world.json"
    keep.write(lived().box.world, file)
    file.write_bytes(file.read_bytes().replace(b'"kind":"order.paid"', b'"kind":"order.sung"'))

    with pytest.raises(keep.Unreadable, match="sung"):
        keep.read(file, "manual")
