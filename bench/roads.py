"""Many changes until they are seen as told: simulated time, and requests, against one patch after the other."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from catch_up import SITE, Month, Shop

CHANGES = int(os.environ.get("FORAIN_BENCH_CHANGES", "20000"))
"""Fewer for a first look."""
SOONER, FEWER = 5, 500
TOLD_BY = ("patchListingsItem", "searchListingsItems", "getListingsItem", "createFeed", "getFeed")
"""What the operations begin with that telling and looking take; orders and permission are asked for all the time."""
TAKES = (120.0, 240.0)
"""Seconds until what was accepted is so, a feed or a patch: "minutes" is all that Amazon says of a feed."""
MOST_SECONDS = 4 * 3600


def measure() -> Iterator[dict[str, Any]]:
    from forain.cli.house import open_house

    home = Path(tempfile.mkdtemp(prefix="forain-bench-"))
    home.chmod(0o755)
    os.environ.pop("DATABASE_URL", None)
    house = open_house(home)
    try:
        shop = Shop(home / "shop")
        shop.write({f"S{n:05}": ("8.00", 1) for n in range(CHANGES)})
        month = Month(shop)
        month.connect()
        _see_all(month)
        month.box.world.write_delay = TAKES
        yield from _rows(month, "seen a few minutes ago", 40)
        for _ in range(40):
            month.tick()
            month.advance(30)
        yield from _rows(month, "seen long ago", 60)
    finally:
        house.stop()
        shutil.rmtree(home, ignore_errors=True)


def _rows(month: Month, state: str, stock: int) -> Iterator[dict[str, Any]]:
    month.shop.write(dict.fromkeys(month.shop.goods, ("8.00", stock)))
    month.begun = month.deps.clock.now()
    month.asked.clear()
    files = _files(month)
    end = month.begun + timedelta(seconds=MOST_SECONDS)
    while not (month.in_step() and _at_rest(month)):
        if month.deps.clock.now() > end:
            raise RuntimeError(f"not within {MOST_SECONDS} seconds")
        month.tick()
        month.advance(month.idle())
    seconds, requests = month.passed(), sum(name.startswith(TOLD_BY) for name in month.asked) + len(files)
    limit = _limit("patchListingsItem")
    alone = (CHANGES - limit.burst) / limit.rate
    yield {
        "what": f"{CHANGES} changed SKUs, {state}, until observed, simulated seconds, against one patch after the other",
        "value": round(seconds, 1), "against": round(alone, 1), "ratio": round(seconds / alone, 3), "target": 1 / SOONER,
        "met": seconds * SOONER <= alone,
    }  # fmt: skip
    yield {
        "what": f"requests for {CHANGES} changed SKUs, {state}, against one patch each",
        "value": requests, "against": CHANGES, "ratio": round(requests / CHANGES, 4), "target": 1 / FEWER,
        "met": requests * FEWER <= CHANGES,
    }  # fmt: skip


def _see_all(month: Month) -> None:
    """Each offer is known, linked, and as the shop wants it: what the first night's sweep would find out, page by page."""
    from django.db.models import F

    from forain.core.ids import OfferKey, SellerSku, SiteId
    from forain.core.money import Money
    from forain.core.offers import Observed
    from forain.flows.mirror_catalogue import link_account
    from forain.store import accounts, models, offers, runs

    now, skus = month.deps.clock.now(), list(month.shop.goods)
    runs.set_due("sweep_offers", f"account:{month.account}", now + timedelta(days=1))
    for start in range(0, len(skus), 1000):
        keys = [OfferKey(month.account, SiteId(SITE), SellerSku(sku)) for sku in skus[start : start + 1000]]
        offers.see(
            month.account, [Observed(key, 1, Money(800, "EUR"), "merchant", channels=("DEFAULT",)) for key in keys], now
        )
    link_account(month.deps, accounts.get(month.account))
    models.Offer.objects.update(
        settled_no=F("wanted_no"), marked_at=None, desired_quantity=1, desired_minor=800, desired_currency="EUR",
        acknowledged_quantity=1, problems=[],
    )  # fmt: skip


def _at_rest(month: Month) -> bool:
    """Each offer is known, and what was wanted of it was seen as told."""
    from django.db.models import F

    from forain.store import models

    rows = models.Offer.objects.filter(account_id=month.account)
    return rows.filter(settled_no=F("wanted_no"), submission="").count() == len(month.shop.goods)


def _files(month: Month) -> list[str]:
    """From now on: the feed files that go up and come down, which are no operation of the interface."""
    found: list[str] = []
    answer = month.box.answer

    def answering(request: Any) -> Any:
        if request.parts[0] not in ("eu", "box", "auth"):
            found.append(request.raw_path)
        return answer(request)

    month.box.answer = answering  # type: ignore[method-assign]
    return found


def _limit(operation: str) -> Any:
    from forain.marketplaces.amazon import MANIFEST

    return next(limit for limit in MANIFEST.limits if limit.operation == operation)
