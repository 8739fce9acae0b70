"""How fast the market in a box is: calls a second of a small world, and each read of a large one."""

import json
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

SITE = "A13V1IB3VIYZZH"
CALLS = 3000
WANTED_A_SECOND, WANTED_MEDIAN_MS = 3000, 20
LARGE = 100_000


def measure():
    small, large = _Caller(200, 200), _Caller(LARGE, LARGE)
    rows = [_speed(small)]
    for name, call in _reads(large).items():
        rows.append(_median(name, call, large))
    return rows


class _Caller:
    """A world of `listings` and `orders`, and one seller's calls to it, in-process."""

    def __init__(self, listings, orders):
        from forain_box import Box, trade
        from forain_box.http import Request
        from forain_box.listing_writes import put_in_place
        from forain_box.sites import SITES

        self._request = Request
        self.box = Box(seed=1, clock="manual", start=datetime(2026, 3, 1, tzinfo=UTC), throttle=False)
        world = self.box.world
        application = world.add_application({"name": "Bench"})
        seller = world.add_seller({"seller_id": "A1BENCHSELLER", "region": "eu", "marketplace_ids": [SITE]}, SITES)
        for n in range(listings):
            put_in_place(
                world, seller, f"S{n}", SITE, asin=f"B{n:09}", ean="", title=f"Article {n}", product_type="", quantity=10**6,
                price=Decimal("8.00"), business_price=None, by_amazon=False, handling_days=2,
            )  # fmt: skip
        for n in range(orders):
            world.clock.advance(1)
            trade.buy(world, seller, SITE, [(f"S{n % listings}", 1)])
        world.clock.advance(3600)
        grant = world.authorize(application, seller)
        form = f"grant_type=refresh_token&refresh_token={grant.refresh_token}&client_id={application.client_id}&client_secret={application.client_secret}"
        told = self.box.answer(
            Request(
                "POST",
                ("auth", "o2", "token"),
                "/auth/o2/token",
                {},
                {"content-type": "application/x-www-form-urlencoded"},
                form.encode(),
            )
        )
        self.headers = {"x-amz-access-token": json.loads(told.body)["access_token"]}

    def call(self, method, path, query=None, body=b""):
        parts = ("eu", *path.split("/"))
        answer = self.box.answer(self._request(method, parts, "/" + "/".join(parts), query or {}, self.headers, body))
        assert answer.status < 300, answer.body
        return answer


def _speed(caller):
    patch = json.dumps(
        {"productType": "PRODUCT", "patches": [{"op": "merge", "path": "/attributes/fulfillment_availability",
                                                "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}]}]}
    ).encode()  # fmt: skip
    item, query = "listings/2021-08-01/items/A1BENCHSELLER/S", {"marketplaceIds": SITE}
    everything = {**query, "includedData": "summaries,offers,fulfillmentAvailability"}
    caller.box.world.write_delay = (0.1, 0.2)
    begun = time.perf_counter()
    for n in range(CALLS // 3):
        caller.call("GET", f"{item}{n % 200}", everything)
        caller.call("PATCH", f"{item}{n % 200}", query, patch)
        caller.call("GET", "sellers/v1/marketplaceParticipations")
        caller.box.world.clock.advance(0.05)
    rate = CALLS / (time.perf_counter() - begun)
    return {
        "what": "the box, SP-API calls a second in one process", "value": round(rate), "against": WANTED_A_SECOND,
        "ratio": round(rate / WANTED_A_SECOND, 2), "target": 1, "met": rate >= WANTED_A_SECOND,
    }  # fmt: skip


def _reads(caller):
    late = (caller.box.world.now() - timedelta(hours=2)).isoformat()
    items = "listings/2021-08-01/items/A1BENCHSELLER"
    return {
        "getListingsItem": lambda n: caller.call("GET", f"{items}/S{n}", {"marketplaceIds": SITE}),
        "searchListingsItems": lambda n: caller.call("GET", items, {"marketplaceIds": SITE, "pageSize": "20"}),
        "searchListingsItems by SKU": lambda n: caller.call(
            "GET",
            items,
            {"marketplaceIds": SITE, "identifiersType": "SKU", "identifiers": ",".join(f"S{n + k}" for k in range(20))},
        ),
        "searchListingsItems by status": lambda n: caller.call(
            "GET", items, {"marketplaceIds": SITE, "withStatus": "BUYABLE", "sortBy": "sku", "sortOrder": "ASC"}
        ),
        "searchListingsItems by window": lambda n: caller.call(
            "GET", items, {"marketplaceIds": SITE, "lastUpdatedAfter": late, "createdAfter": late}
        ),
        "searchCatalogItems by words": lambda n: caller.call(
            "GET", "catalog/2022-04-01/items", {"marketplaceIds": SITE, "keywords": f"article,{n}"}
        ),
        "getInventorySummaries": lambda n: caller.call(
            "GET",
            "fba/inventory/v1/summaries",
            {"marketplaceIds": SITE, "granularityType": "Marketplace", "granularityId": SITE},
        ),
        "searchOrders": lambda n: caller.call(
            "GET",
            "orders/2026-01-01/orders",
            {"lastUpdatedAfter": late, "includedData": "BUYER,RECIPIENT,PROCEEDS,FULFILLMENT"},
        ),
        "getOrder": lambda n: caller.call("GET", f"orders/2026-01-01/orders/{_order(caller, n)}"),
    }


def _order(caller, n):
    return next(iter(caller.box.world.state.orders)) if not n else list(caller.box.world.state.orders)[n]


def _median(name, call, caller):
    times = []
    for n in range(30):
        begun = time.perf_counter()
        call(n)
        times.append((time.perf_counter() - begun) * 1000)
    median = statistics.median(times)
    return {
        "what": f"the box with {LARGE} listings and {LARGE} orders, {name}, median milliseconds", "value": round(median, 2),
        "against": WANTED_MEDIAN_MS, "ratio": round(median / WANTED_MEDIAN_MS, 2), "target": 1, "met": median < WANTED_MEDIAN_MS,
    }  # fmt: skip
