"""How long one change waits: from the moment it is known to the marketplace's ACCEPTED, alone, among many, and beside an account
that has very much to tell. In real time, with the product's own worker in this process."""

import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import offers as shelves

SITE, SELLER = shelves.SITE, shelves.SELLER
ARTICLES = 200
ALONE, CROWD = 40, 100
"""Changes one after the other, and changes that come ten a second."""
CROWD_EVERY = 0.1
FLOOD = int(os.environ.get("FORAIN_BENCH_CHANGES", "200000"))
"""Fewer for a first look."""
OTHERS, LOOKS = 7, 42
LONGEST = 60.0
"""Seconds that one change is waited for before the bench gives up."""


def measure() -> Iterator[dict[str, Any]]:
    from forain.cli.house import open_house

    home = Path(tempfile.mkdtemp(prefix="forain-bench-"))
    home.chmod(0o755)
    os.environ.pop("DATABASE_URL", None)
    os.environ["FORAIN_ALLOW_PRIVATE"] = "localhost"
    house = open_house(home)
    try:
        yield from _one_change(home)
        yield _beside_a_flood()
    finally:
        house.stop()
        shutil.rmtree(home, ignore_errors=True)


class Heard:
    """When each SKU was accepted."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._news = threading.Condition()

    def accepted(self, sku: str) -> None:
        with self._news:
            self._at.setdefault(sku, time.perf_counter())
            self._news.notify_all()

    def seconds(self, begun: dict[str, float]) -> list[float]:
        """SKU -> when it became known: how long each took, once all are accepted."""
        with self._news:
            if not self._news.wait_for(lambda: begun.keys() <= self._at.keys(), LONGEST):
                raise RuntimeError(
                    f"not accepted within {LONGEST} seconds: {sorted(begun.keys() - self._at.keys())[:3]}"
                )
            return [self._at.pop(sku) - at for sku, at in begun.items()]


# -- one change


def _one_change(home: Path) -> Iterator[dict[str, Any]]:
    import httpx2

    from forain.engine.worker import Worker
    from forain_box import Box
    from forain_box.server import RunningBox

    box, heard, patches = Box(seed=1, throttle=False, write_delay=(0.0, 0.0)), Heard(), []
    running = RunningBox(box).start()
    plain = box.answer

    def answering(request: Any) -> Any:
        response = plain(request)
        if request.method == "PATCH":
            patches.append(request)
            heard.accepted(request.parts[-1])
        return response

    box.answer = answering  # type: ignore[method-assign]
    worker = None
    try:
        deps, shop = _connected(home, box, running.url)
        worker = Worker(deps)
        worker.start()
        numbers = iter(range(ARTICLES))
        alone = [heard.seconds({sku: at})[0] for sku, at in (_change(deps, shop, next(numbers)) for _ in range(ALONE))]
        crowd = {}
        for _ in range(CROWD):
            sku, at = _change(deps, shop, next(numbers))
            crowd[sku] = at
            time.sleep(CROWD_EVERY)
        many = heard.seconds(crowd)
    finally:
        if worker is not None:
            worker.stop()
        running.stop()
    running = RunningBox(box).start()
    try:
        with httpx2.Client(base_url=running.url) as client:
            bare = [shelves.took(_again(client, request)) for request in patches[:ALONE]]
    finally:
        running.stop()
    yield shelves.row(
        f"one change, known to ACCEPTED, idle, median of {ALONE}, seconds, against its bare call", statistics.median(alone),
        statistics.median(bare), 3.0,
    )  # fmt: skip
    yield shelves.row(
        f"the slowest of a hundred changes that come {1 / CROWD_EVERY:.0f} a second, seconds, against their median",
        sorted(many)[int(len(many) * 0.99) - 1], statistics.median(many), 3.0,
    )  # fmt: skip


def _again(client: Any, request: Any) -> Callable[[], Any]:
    kept = {k: v for k, v in request.headers.items() if k in ("x-amz-access-token", "content-type", "user-agent")}
    query = "&".join(f"{k}={v}" for k, v in request.query.items())
    return lambda: client.request("PATCH", f"{request.raw_path}?{query}", headers=kept, content=request.body)


def _connected(home: Path, box: Any, url: str) -> tuple[Any, Any]:
    """A files shop and one account whose offers show what the shop has."""
    from forain import wiring
    from forain.core.ids import AccountId
    from forain.engine import jobs, schedule
    from forain.flows import setup
    from forain.store import accounts, models
    from forain_box.control.bodies import NewListing, Price
    from forain_box.control.goods import put_listing
    from forain_box.sites import SITES

    _write(home / "shop", {})
    application = box.world.add_application({"name": "Bench", "kind": "private"})
    seller = box.world.add_seller({"seller_id": SELLER, "region": "eu", "marketplace_ids": [SITE]}, SITES)
    grant = box.world.authorize(application, seller)
    for n in range(ARTICLES):
        told = NewListing(seller_id=SELLER, sku=_sku(n), marketplace_id=SITE, quantity=9, price=Price("9.90"))
        put_listing(box.world, told)
    deps = wiring.deps()
    shop, _ = setup.add_shop(deps, "files", "Bench", {"folder": str(home / "shop")})
    scope, now = f"amazon:EU:{SELLER}:{application.client_id}", deps.clock.now()
    for operation in ("searchListingsItems", "patchListingsItem"):
        # Our own limiter would measure Amazon's rates, not our way.
        models.Limit.objects.create(scope=scope, operation=operation, tokens=1e6, at=now, rate=1e6, burst=1e6)
    values = {
        "client_id": application.client_id, "client_secret": application.client_secret, "region": "EU", "seller_id": SELLER,
        "refresh_token": grant.refresh_token,
    }  # fmt: skip
    addresses = {"address.token": f"{url}/auth/o2/token", "address.api": f"{url}/eu"}
    account = setup.add_account(deps, setup.NewAccount("amazon", "private", "Bench", values, addresses))
    accounts.allow_writes(AccountId(account.pk), SITE, "bench", now)
    schedule.plan_all(now)
    for flow, subject in (("mirror_catalogue", f"shop:{shop.pk}"), ("sweep_offers", f"account:{account.pk}"),
                          ("import_orders", f"account:{account.pk}"), ("reconcile_offers", f"account:{account.pk}")):  # fmt: skip
        jobs.run(deps, flow, subject)
    if shelves.waiting():
        raise RuntimeError(f"{shelves.waiting()} offers are not in step before the first change")
    return deps, shop


def _change(deps: Any, shop: Any, number: int) -> tuple[str, float]:
    """The shop has ten pieces of it now, and Forain has just heard so, as by a hook: (SKU, when)."""
    from forain.core.ids import ShopId, VariantId
    from forain.core.stock import StockLevel
    from forain.store import shops

    sku = _sku(number)
    before = shops.mirrored(ShopId(shop.pk), [VariantId(sku)])[VariantId(sku)]
    _write(Path(shop.options["folder"]), {_sku(n): 10 for n in range(number + 1)})
    begun = time.perf_counter()
    shops.mirror(ShopId(shop.pk), [replace(before, level=StockLevel(10, 0))], deps.clock.now())
    return sku, begun


def _write(folder: Path, stock: dict[str, int]) -> None:
    folder.mkdir(exist_ok=True)
    rows = "".join(f"{_sku(n)},Article {n},9.90,EUR,{stock.get(_sku(n), 9)}\n" for n in range(ARTICLES))
    new = folder / "catalogue.new"
    new.write_text("sku,title,price,currency,on_hand\n" + rows)
    new.rename(folder / "catalogue.csv")


def _sku(number: int) -> str:
    return f"S{number:04}"


# -- eight accounts


class Telling(shelves.Taking):
    """A marketplace in memory that also takes changes one by one, and says when."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = Heard()

    def submit(self, changes: Sequence[Any]) -> Iterator[Any]:
        from forain.contracts.marketplace import Accepted
        from forain.core.ids import SubmissionId

        for change in changes:
            self.heard.accepted(change.key.sku)
            yield Accepted(change.key, SubmissionId(f"S{time.perf_counter_ns()}"))

    def observe(self, keys: Sequence[Any]) -> Any:
        from forain.contracts.marketplace import OfferPage

        return OfferPage((), None)


def _beside_a_flood() -> dict[str, Any]:
    from forain.core.ids import ShopId
    from forain.engine import jobs
    from forain.engine.worker import Worker
    from forain.store import models, shops

    models.Run.objects.all().delete()
    models.Account.objects.all().delete()
    models.Shop.objects.all().delete()
    accounts, shop, deps, marketplace = _eight()
    # The queue's jobs build what they need by themselves: here it is this bench's.
    jobs.build_deps = lambda: deps  # type: ignore[assignment]
    worker = Worker(deps)
    worker.start()
    try:
        alone = _looks(deps, shop, marketplace, 20)
        flooded = [f"S{n:07d}" for n in range(1, FLOOD + 1)]
        marketplace_shop = deps.open.shop(None)
        marketplace_shop.on_hand |= dict.fromkeys(flooded, 21)
        for start in range(0, FLOOD, shelves.A_PAGE):
            page = [marketplace_shop.variant(name) for name in flooded[start : start + shelves.A_PAGE]]
            shops.mirror(ShopId(shop), page, deps.clock.now())
        beside = _looks(deps, shop, marketplace, 21)
        left = models.Offer.objects.filter(account_id=accounts[0], feed=None, desired_quantity=20).count()
    finally:
        worker.stop(60)
    return shelves.row(
        f"one change at {OTHERS} accounts while another has {FLOOD} ({left} were not decided at the end), median of {LOOKS},"
        " seconds, against without it", statistics.median(beside), statistics.median(alone), 1.5,
    )  # fmt: skip


def _looks(deps: Any, shop: int, marketplace: Telling, pieces: int) -> list[float]:
    """The seven others change an article each in turn, one after the other."""
    from forain.core.ids import ShopId
    from forain.store import shops

    found = []
    for n in range(LOOKS):
        name = f"A{n % OTHERS}-{pieces}-{n // OTHERS}"
        deps.open.shop(None).on_hand[name] = 30
        begun = time.perf_counter()
        shops.mirror(ShopId(shop), [deps.open.shop(None).variant(name)], deps.clock.now())
        found += marketplace.heard.seconds({name: begun})
    return found


def _eight() -> tuple[list[int], int, Any, Telling]:
    """One shop, an account with FLOOD offers, and seven with a few; all at rest."""
    from forain import wiring
    from forain.engine import schedule
    from forain.store import models

    real = wiring.deps()
    now = real.clock.now()
    later = now + timedelta(days=1)
    stock, marketplace = shelves.Shelves(), Telling()
    deps = replace(real, open=shelves.Opening(real.open, stock, marketplace))
    shop = models.Shop.objects.create(kind="files", name="Bench", hook_name="flood", created_at=now).pk
    application = models.Application.objects.create(
        marketplace="amazon", kind="private", client_id="amzn1.application-oa2-client.flood", created_at=now
    )
    found = []
    for number in range(OTHERS + 1):
        account = models.Account.objects.create(
            marketplace="amazon", name=f"Bench {number}", region="EU", seller=f"{SELLER}{number}", application=application,
            shop_id=shop, standing="granted", grant_no=1, granted_at=now, expires_at=now + timedelta(days=365), probed_at=now,
            import_since=now, sales_known_until=now + timedelta(days=1), created_at=now, brakes={"zero_share": "none"},
        )  # fmt: skip
        models.AccountSite.objects.create(
            account=account, site=SITE, country="FR", currency="EUR", writes_allowed_at=now
        )
        # Only what this is about runs: nothing else of an account could, in memory.
        for flow in schedule.FLOWS.values():
            ours = flow.name in ("reconcile_offers", "send_feeds")
            subject = f"{flow.kind}:{account.pk if flow.kind == 'account' else shop}"
            if flow.kind in ("account", "shop"):
                models.Run.objects.get_or_create(
                    flow=flow.name, subject=subject, defaults={"due_at": now if ours else later}
                )
        names = "SELECT 'S' || lpad(n::text, 7, '0') AS s FROM generate_series(1, %s) n"
        values: list[Any] = [FLOOD]
        if number:
            names = f"SELECT 'A{number - 1}-' || p || '-' || n AS s FROM generate_series(20, 21) p, generate_series(0, %s) n"
            values = [LOOKS // OTHERS]
        shelves._execute(_VARIANTS.format(names=names), [shop, now, *values])
        shelves._execute(_LINKS.format(names=names), [account.pk, now, now, *values])
        shelves._execute(_OFFERS.format(names=names), [account.pk, SITE, now, now, *values])
        found.append(account.pk)
    shelves._execute("VACUUM ANALYZE", [])
    return found, shop, deps, marketplace


def _of_any(sql: str, shop: str) -> str:
    """A statement of the large shelf, for any names and any shop."""
    head, _, _ = sql.partition("(SELECT 'S' ||")
    return head.replace("SELECT 1, s, s", f"SELECT {shop}, s, s") + "({names}) x"


_VARIANTS = _of_any(shelves._VARIANTS.replace("{", "{{").replace("}", "}}"), "%s")
_LINKS = _of_any(shelves._LINKS.replace("{", "{{").replace("}", "}}"), "%s")
_OFFERS = _of_any(shelves._OFFERS.replace("{", "{{").replace("}", "}}"), "%s")
