"""The time of a synchronization against the bare HTTP calls it made."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OFFERS = 300
SITE = "A13V1IB3VIYZZH"
TARGET = 6.0


def measure() -> Iterator[dict[str, Any]]:
    from forain.cli.house import open_house

    home = Path(tempfile.mkdtemp(prefix="forain-bench-"))
    home.chmod(0o755)
    os.environ.pop("DATABASE_URL", None)
    os.environ["FORAIN_ALLOW_PRIVATE"] = "localhost"
    house = open_house(home)
    try:
        yield _row(home)
    finally:
        house.stop()
        shutil.rmtree(home, ignore_errors=True)


def _row(home: Path) -> dict[str, Any]:
    import httpx2

    from forain import wiring
    from forain.core.ids import AccountId
    from forain.engine import jobs, schedule
    from forain.flows import setup
    from forain.store import accounts, models, runs
    from forain_box import Box
    from forain_box.http import Request
    from forain_box.server import RunningBox

    box = Box(seed=1, throttle=False, write_delay=(0.0, 0.0))
    running = RunningBox(box).start()
    calls: list[tuple[str, str, dict[str, str], bytes]] = []
    plain = box.answer

    def noting(request: Request):
        if request.parts[0] == "eu":
            query = "&".join(f"{k}={v}" for k, v in request.query.items())
            calls.append((request.method, f"{request.raw_path}?{query}", request.headers, request.body))
        return plain(request)

    box.answer = noting  # type: ignore[method-assign]
    try:
        folder = home / "shop"
        folder.mkdir()
        rows = "".join(f"S{n:04},Article {n},9.90,EUR,{n % 50 + 5}\n" for n in range(OFFERS))
        (folder / "catalogue.csv").write_text("sku,title,price,currency,on_hand\n" + rows)
        world = box.world
        application = world.add_application({"name": "Bench", "kind": "private"})
        seller = world.add_seller({"seller_id": "A1BENCHSELLER", "region": "eu", "marketplace_ids": [SITE]}, _sites())
        grant = world.authorize(application, seller)
        from forain_box.control.bodies import NewListing, Price
        from forain_box.control.goods import put_listing

        for n in range(OFFERS):
            told = NewListing(
                seller_id=seller.seller_id, sku=f"S{n:04}", marketplace_id=SITE, quantity=1, price=Price("8.00")
            )
            put_listing(world, told)
        deps = wiring.deps()
        shop, _ = setup.add_shop(deps, "files", "Bench", {"folder": str(folder)})
        # Our own limiter would measure Amazon's rates, not our work.
        scope = f"amazon:EU:{seller.seller_id}:{application.client_id}"
        now = deps.clock.now()
        for operation in ("searchListingsItems", "patchListingsItem"):
            models.Limit.objects.create(scope=scope, operation=operation, tokens=1e6, at=now, rate=1e6, burst=1e6)
        values = {
            "client_id": application.client_id, "client_secret": application.client_secret, "region": "EU",
            "seller_id": seller.seller_id, "refresh_token": grant.refresh_token,
        }  # fmt: skip
        addresses = {"address.token": f"{running.url}/auth/o2/token", "address.api": f"{running.url}/eu"}
        account = setup.add_account(deps, setup.NewAccount("amazon", "private", "Bench", values, addresses))
        accounts.allow_writes(AccountId(account.pk), SITE, "bench", now)
        schedule.plan_all(deps.clock.now())
        jobs.run(deps, "mirror_catalogue", f"shop:{shop.pk}")
        jobs.run(deps, "sweep_offers", f"account:{account.pk}")
        calls.clear()
        begun = time.perf_counter()
        runs.force(f"account:{account.pk}", deps.clock.now(), ["reconcile_offers", "observe_offers"])
        jobs.run(deps, "reconcile_offers", f"account:{account.pk}")
        runs.force(f"account:{account.pk}", deps.clock.now(), ["observe_offers"])
        jobs.run(deps, "observe_offers", f"account:{account.pk}")
        ours = time.perf_counter() - begun
        settled = models.Offer.objects.filter(observed_minor=990, submission="").count()
        made = list(calls)
        with httpx2.Client(base_url=running.url) as client:
            begun = time.perf_counter()
            for method, path, headers, body in made:
                kept = {k: v for k, v in headers.items() if k in ("x-amz-access-token", "content-type", "user-agent")}
                client.request(method, path, headers=kept, content=body)
            bare = time.perf_counter() - begun
    finally:
        running.stop()
    ratio = round(ours / bare, 2)
    return {
        "what": f"synchronization of {OFFERS} offers, {settled} of them seen as told, {len(made)} calls, seconds",
        "value": round(ours, 3), "against": round(bare, 3), "ratio": ratio, "target": TARGET,
        "met": ratio <= TARGET and settled == OFFERS,
    }  # fmt: skip


def _sites():
    from forain_box.sites import SITES

    return SITES
