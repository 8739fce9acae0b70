"""Which flow each subject has, and the lines of the timetable that follow from what is connected."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from forain.core import authorization
from forain.core.authorization import Part
from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.flows import (
    authorize,
    confirm_shipments,
    estimate_fees,
    import_orders,
    mirror_catalogue,
    notice_silence,
    observe_offers,
    poll_rates,
    prove_orders,
    prune,
    reconcile_offers,
    rotate_secret,
    send_feeds,
    send_heartbeat,
    tell_people,
    watch,
)
from forain.flows.deps import Deps
from forain.store import accounts, models, runs, shops

WHOLE_CATALOGUE_EVERY = timedelta(hours=12)
ISSUES_EVERY = timedelta(seconds=20)


def _mirror(deps: Deps, shop: models.Shop) -> Instant:
    mirror_catalogue.mirror_catalogue(deps, shop)
    return deps.clock.now() + WHOLE_CATALOGUE_EVERY


def _issues(deps: Deps, _: None) -> Instant:
    watch.derive_issues(deps)
    return deps.clock.now() + ISSUES_EVERY


@dataclass(frozen=True, slots=True)
class Flow:
    """`run` answers when it is due next. `parts`: asks `may_sync` of them first; (): it needs no permission."""

    name: str
    kind: Literal["account", "shop", "application", "house"]
    run: Callable[..., Instant]
    parts: tuple[Part, ...] = ()


FLOWS = {
    flow.name: flow
    for flow in (
        Flow("import_orders", "account", import_orders.import_orders, authorization.ORDERS),
        Flow("reconcile_offers", "account", reconcile_offers.reconcile_offers, authorization.OFFERS),
        Flow("send_feeds", "account", send_feeds.send_feeds, authorization.OFFERS),
        Flow("estimate_fees", "account", estimate_fees.estimate_fees, authorization.OFFERS),
        Flow("observe_offers", "account", observe_offers.observe_offers, authorization.OFFERS),
        Flow("sweep_offers", "account", observe_offers.sweep_offers, authorization.OFFERS),
        Flow("confirm_shipments", "account", confirm_shipments.confirm_shipments, authorization.SHIPMENTS),
        Flow("prove_orders", "account", prove_orders.prove_orders, authorization.ORDERS),
        Flow("probe", "account", authorize.probe),
        # Only where the application has a queue: `rotate_secret.set_queue` plans the line, and takes it out again.
        Flow("rotate_secret", "application", rotate_secret.rotate_secret),
        Flow("watch_shop", "shop", watch.watch_shop),
        Flow("mirror_catalogue", "shop", _mirror),
        Flow("derive_issues", "house", _issues),
        Flow("notice_silence", "house", notice_silence.notice_silence),
        Flow("send_heartbeat", "house", send_heartbeat.send_heartbeat),
        Flow("poll_rates", "house", poll_rates.poll_rates),
        Flow("tell_people", "house", tell_people.tell_people),
        Flow("prune", "house", prune.prune),
    )
}


def subject_row(subject: str) -> models.Account | models.Shop | models.Application | None:
    """The row a subject names ("account:1", "shop:2", "application:3"); None for the house. Raises DoesNotExist."""
    kind, _, number = subject.partition(":")
    if kind == "account":
        return accounts.get(AccountId(int(number)))
    if kind == "shop":
        return models.Shop.objects.get(pk=int(number))
    if kind == "application":
        return models.Application.objects.get(pk=int(number))
    return None


def plan_all(now: Instant) -> None:
    """Have a line for every flow of everything connected. Safe to repeat; new ones are due at once."""
    runs.bring_back(now)
    for flow in FLOWS.values():
        if flow.kind == "house":
            runs.ensure(flow.name, "house", now)
    for shop in shops.every():
        plan_shop(shop.pk, now)
    for account in accounts.every():
        plan_account(account.pk, now)


def plan_shop(number: int, now: Instant) -> None:
    for name in ("mirror_catalogue", "watch_shop"):
        runs.ensure(name, f"shop:{number}", now)


def plan_account(number: int, now: Instant) -> None:
    for flow in FLOWS.values():
        if flow.kind == "account":
            runs.ensure(flow.name, f"account:{number}", now)
