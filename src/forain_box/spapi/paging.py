"""Pages of feeds and reports: newest first, filtered, and continued by a token that is the only parameter.

Source: Amazon's models feeds_2021-06-30.json and reports_2021-06-30.json, read 2026-11-23.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from forain_box.errors import invalid
from forain_box.spapi.call import Call
from forain_box.state import Feed, Report

STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
KEPT = timedelta(days=90)
TOKEN_LIFE = timedelta(hours=24)
Thing = TypeVar("Thing", Feed, Report)


def page(
    call: Call,
    newest_first: Iterable[Thing],
    types: str,
    kind_of: Callable[[Thing], str],
    id_of: Callable[[Thing], str],
) -> tuple[list[Thing], str | None]:
    """(things, next token). `types`: the parameter that names the wanted types."""
    asked = _continued(call) if call.request.query.get("nextToken") else _asked(call, types)
    since, until = datetime.fromisoformat(asked["since"]), datetime.fromisoformat(asked["through"])
    rows: Iterator[Thing] = itertools.takewhile(lambda x: x.created_at >= since, newest_first)
    if asked["after"]:
        rows = itertools.islice(itertools.dropwhile(lambda x: id_of(x) != asked["after"], rows), 1, None)
    fitting = (
        x for x in rows
        if x.seller_id == call.seller.seller_id and x.created_at <= until and kind_of(x) in asked["types"]
        and (not asked["statuses"] or x.status in asked["statuses"])
        and (not asked["sites"] or any(site in asked["sites"] for site in x.marketplace_ids))
    )  # fmt: skip
    found = list(itertools.islice(fitting, asked["size"] + 1))
    if len(found) <= asked["size"]:
        return found, None
    found.pop()
    return found, call.world.hand_out("page-", TOKEN_LIFE, **{**asked, "after": id_of(found[-1])})


def _asked(call: Call, types: str) -> dict[str, Any]:
    now = call.world.now()
    wanted = call.several(types, most=10)
    if not wanted:
        raise invalid(f"Either {types} or nextToken is required.")
    since, until = call.moment("createdSince") or now - KEPT, call.moment("createdUntil") or now
    if since < now - KEPT:
        raise invalid("createdSince must not be more than 90 days ago.")
    return {
        "operation": call.operation.name, "seller": call.seller.seller_id, "types": wanted, "after": "",
        "statuses": call.several("processingStatuses", STATUSES), "sites": call.sites(10, required=False),
        "size": call.number("pageSize", 10, 1, 100), "since": since.isoformat(), "through": until.isoformat(),
    }  # fmt: skip


def _continued(call: Call) -> dict[str, Any]:
    if set(call.request.query) != {"nextToken"}:
        raise invalid("nextToken must be the only parameter.")
    told = call.world.handed_out(call.request.query["nextToken"])
    if told is None or (told.get("operation"), told.get("seller")) != (call.operation.name, call.seller.seller_id):
        raise invalid("nextToken is invalid.")
    return {k: v for k, v in told.items() if k != "until"}
