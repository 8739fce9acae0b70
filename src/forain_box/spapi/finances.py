"""Finances 2024-06-19: what orders brought and took, what is held back, and sums of periods.

Source: Amazon's model finances_2024-06-19.json; models issues 4237, 4245, 4993; read 2026-11-23.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from forain_box import ledger
from forain_box.clock import parse, text
from forain_box.errors import invalid
from forain_box.http import Response
from forain_box.sites import SITES
from forain_box.spapi.call import Call, Operation, payload
from forain_box.spapi.orders_v0 import seconds
from forain_box.state import Transaction

MODEL = "finances_2024-06-19.json"
ROLES = ("Finance and Accounting",)
NOT_YET = timedelta(minutes=2)
LONGEST = timedelta(days=180)
PAGE, MOST_SCANNED = 100, 5000
"""A page has so many transactions at most, and looks at so many: it may be empty and have a next one."""
TOKEN_LIFE = timedelta(hours=24)
STATUSES = ("DEFERRED", "RELEASED", "DEFERRED_RELEASED")
ACCOUNT = "Standard Orders"
US = "ATVPDKIKX0DER"
GROUP_DAYS = 14
"""Money of so many days makes one financial event group."""
BALANCES = ("AVAILABLE", "RESERVED", "ACCOUNT_LEVEL_RESERVE", "DEFERRED", "TOTAL")
EXPENSES = ("AmazonFees",)


def _moment(call: Call, name: str) -> datetime | None:
    """A moment; a day alone means its beginning in UTC, as Amazon's own samples write it."""
    told = call.request.query.get(name, "")
    return parse(f"{told}T00:00:00Z") if len(told) == 10 and _day_of(told) else call.moment(name)


def _day_of(told: str) -> date | None:
    try:
        return date.fromisoformat(told)
    except ValueError:
        return None


def transactions(call: Call) -> Response:
    latest = call.world.now() - NOT_YET
    name, value = call.text("relatedIdentifierName", ""), call.text("relatedIdentifierValue", "")
    if bool(name) != bool(value) or name not in ("", "ORDER_ID", "FINANCIAL_EVENT_GROUP_ID"):
        raise invalid(
            "relatedIdentifierName is ORDER_ID or FINANCIAL_EVENT_GROUP_ID, and has a relatedIdentifierValue."
        )
    since, until = _moment(call, "postedAfter"), _moment(call, "postedBefore") or latest
    if since is None and not name:
        raise invalid("Start date cannot be null", "Start date cannot be null")
    if until > latest or (since and since >= latest):
        raise invalid("Dates must be more than two minutes before the time of the request.")
    if since and until <= since:
        raise invalid("postedBefore must be later than postedAfter.")
    site, status = call.text("marketplaceId", ""), call.choice("transactionStatus", STATUSES, "")
    if site:
        call.check_sites([site])
    if since and until - since > LONGEST:
        return payload({"transactions": []})
    fixed = {k: v for k, v in sorted(call.request.query.items()) if k != "nextToken"}
    start = 0
    if token := call.request.query.get("nextToken"):
        told = call.world.handed_out(token)
        if told is None or told.get("fixed") != fixed or told.get("seller") != call.seller.seller_id:
            raise invalid("nextToken is invalid.")
        start, until = int(told["start"]), datetime.fromisoformat(told["until"])
    found, following = _page(call, name, value, since, until, start, site, status)
    answer: dict[str, Any] = {"transactions": [_transaction(t) for t in found]}
    if following is not None:
        answer["nextToken"] = call.world.hand_out(
            "money-", TOKEN_LIFE, fixed=fixed, seller=call.seller.seller_id, start=following, until=until.isoformat()
        )
    return payload(answer)


def _page(
    call: Call, name: str, value: str, since: datetime | None, until: datetime, start: int, site: str, status: str
) -> tuple[list[Transaction], int | None]:
    """Transactions from place `start` on, and the place the next page begins at."""
    everything, now = call.world.state.transactions, call.world.now()
    if name == "ORDER_ID":
        order = call.world.state.orders.get(value)
        places: Iterator[int] = iter([p for p in (order.transactions if order else []) if p >= start])
    else:
        first = bisect_left(everything, since, key=lambda t: t.posted_at) if since else 0
        places = iter(range(max(first, start), len(everything)))
    found: list[Transaction] = []
    for scanned, place in enumerate(places):
        if len(found) == PAGE or scanned == MOST_SCANNED:
            return found, place
        t = everything[place]
        if t.posted_at >= until:
            break
        if (
            t.seller_id == call.seller.seller_id
            and (since is None or t.posted_at >= since)
            and (t.listed_at is None or t.listed_at <= now)
            # With its marketplace named, what sellers ship themselves in the USA is not found; Amazon says so.
            and (not site or (t.marketplace_id == site and not (site == US and t.fulfilled_by == "MERCHANT")))
            and (not status or _status(t) == status)
            and (name != "FINANCIAL_EVENT_GROUP_ID" or _group(t) == value)
        ):
            found.append(t)
    return found, None


def _status(t: Transaction) -> str:
    if not t.released:
        return "DEFERRED"
    return "DEFERRED_RELEASED" if t.maturity_at else "RELEASED"


def _group(t: Transaction) -> str:
    """The group of its release; held back money has none yet, and is counted by its posting."""
    return f"BOX{t.seller_id}{(t.maturity_at or t.posted_at).toordinal() // GROUP_DAYS}"


def _money(amount: Decimal, currency: str) -> dict[str, Any]:
    """Amounts are JSON numbers here. Exact: a double holds every amount of cents the box lets in."""
    return {"currencyCode": currency, "currencyAmount": float(amount)}


def _breakdowns(parts: dict[str, Decimal], currency: str) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Decimal]] = {}
    for name, amount in parts.items():
        groups.setdefault(ledger.GROUPS[name], {})[name] = amount
    return [
        {
            "breakdownType": group, "breakdownAmount": _money(sum(inside.values(), Decimal(0)), currency),
            "breakdowns": [
                {"breakdownType": name, "breakdownAmount": _money(amount, currency), "breakdowns": []}
                for name, amount in inside.items()
            ],
        }
        for group, inside in groups.items()
    ]  # fmt: skip


def _transaction(t: Transaction) -> dict[str, Any]:
    related = [("ORDER_ID", t.order_id), ("FINANCIAL_EVENT_GROUP_ID", _group(t))]
    related.append(("SHIPMENT_ID" if t.kind == "Shipment" else "REFUND_ID", t.reference))
    told: dict[str, Any] = {
        "sellingPartnerMetadata": {"sellingPartnerId": t.seller_id, "accountType": ACCOUNT, "marketplaceId": t.marketplace_id},
        "relatedIdentifiers": [{"relatedIdentifierName": n, "relatedIdentifierValue": v} for n, v in related],
        "transactionType": t.kind, "transactionId": t.transaction_id, "transactionStatus": _status(t),
        "description": "Order Payment" if t.kind == "Shipment" else "Refund Order", "postedDate": seconds(t.posted_at),
        "totalAmount": _money(ledger.amount_of(t), t.currency),
        "marketplaceDetails": {
            "marketplaceId": t.marketplace_id, "marketplaceName": SITES[t.marketplace_id][4].removeprefix("www.").capitalize(),
        },
        "items": [_item(t, item) for item in t.items], "breakdowns": _breakdowns(t.parts, t.currency), "contexts": [],
    }  # fmt: skip
    if t.maturity_at:
        context = {"contextType": "DeferredContext", "deferralReason": "DD7", "maturityDate": seconds(t.maturity_at)}
        told["contexts"] = [context]
    return told


def _item(t: Transaction, item: dict[str, Any]) -> dict[str, Any]:
    parts = {name: Decimal(amount) for name, amount in item["parts"].items()}
    return {
        "description": item["title"], "totalAmount": _money(sum(parts.values(), Decimal(0)), t.currency),
        "relatedIdentifiers": [
            {"itemRelatedIdentifierName": "ORDER_ADJUSTMENT_ITEM_ID", "itemRelatedIdentifierValue": item["item_id"]}
        ],
        "breakdowns": _breakdowns(parts, t.currency),
        "contexts": [
            {
                "contextType": "ProductContext", "asin": item["asin"], "sku": item["sku"], "quantityShipped": item["pieces"],
                "fulfillmentNetwork": "AFN" if t.fulfilled_by == "AMAZON" else "MFN",
            }
        ],
    }  # fmt: skip


def _sites(call: Call) -> list[str]:
    found = call.several("marketplaceIds")
    if any(site not in SITES for site in found):
        raise invalid("Invalid input", "Invalid input")
    return call.check_sites(found) or call.seller.marketplace_ids


def _day(call: Call, name: str) -> date | None:
    told = call.request.query.get(name, "")
    day = _day_of(told[:10]) if told else None
    if told and day is None:
        raise invalid(f"'{name}' must be a date in ISO 8601 format.")
    return day


def balances(call: Call) -> Response:
    sites, kind, as_of = _sites(call), call.choice("balanceType", BALANCES, ""), _day(call, "asOfDate")
    if call.request.query.get("nextToken"):
        raise invalid("nextToken is invalid.")
    day = as_of or call.world.now().date()
    found = []
    for site in sites if call.text("accountType", ACCOUNT) == ACCOUNT else []:
        at = ledger.at_end_of(call.world, call.seller.seller_id, site, day)
        sums = {
            "TOTAL": at.available + at.deferred, "AVAILABLE": at.available, "RESERVED": at.deferred, "DEFERRED": at.deferred,
            "ACCOUNT_LEVEL_RESERVE": Decimal(0),
        }  # fmt: skip
        for name in (kind,) if kind else ("TOTAL",):
            balance = _balance(name, sums, SITES[site][1])
            balance["partnerMetadata"] = _partner(call, site)
            if as_of:
                balance["asOfDate"] = as_of.isoformat()
            else:
                balance["lastUpdatedTime"] = text(call.world.now())
            found.append(balance)
    return Response.json({"balances": found})


PARTS_OF = {"TOTAL": ("AVAILABLE", "RESERVED"), "RESERVED": ("DEFERRED", "ACCOUNT_LEVEL_RESERVE")}


def _balance(kind: str, sums: dict[str, Decimal], currency: str) -> dict[str, Any]:
    told: dict[str, Any] = {"balanceType": kind, "amount": _money(sums[kind], currency)}
    if kind in PARTS_OF:
        told["balances"] = [_balance(part, sums, currency) for part in PARTS_OF[kind]]
    return told


def _partner(call: Call, site: str) -> dict[str, str]:
    return {"partnerId": call.seller.seller_id, "accountType": ACCOUNT, "marketplaceId": site}


def summary(call: Call) -> Response:
    sites, first, last = _sites(call), _day(call, "periodStart"), _day(call, "periodEnd") or call.world.now().date()
    if call.text("relatedIdentifierName", "") or call.text("relatedIdentifierValue", ""):
        # The box makes no settlements, so none has this number.
        return Response.json({"summaries": []})
    if call.request.query.get("nextToken"):
        raise invalid("nextToken is invalid.")
    if first and last < first:
        raise invalid("periodEnd must not be before periodStart.")
    found = []
    for site in sites if call.text("accountType", ACCOUNT) == ACCOUNT else []:
        end = ledger.at_end_of(call.world, call.seller.seller_id, site, last).parts
        begun = {}
        if first and first > date.min:
            begun = ledger.at_end_of(call.world, call.seller.seller_id, site, first - timedelta(days=1)).parts
        parts = {name: amount - begun.get(name, Decimal(0)) for name, amount in end.items()}
        found.append(_summary(call, site, parts, first, last))
    return Response.json({"summaries": found})


def _summary(call: Call, site: str, parts: dict[str, Decimal], first: date | None, last: date) -> dict[str, Any]:
    currency = SITES[site][1]
    groups = _breakdowns({n: a for n, a in parts.items() if a}, currency)
    sides = []
    for name, inside in (
        ("Sales", [g for g in groups if g["breakdownType"] not in EXPENSES]),
        ("Expenses", [g for g in groups if g["breakdownType"] in EXPENSES]),
    ):
        total = sum((Decimal(str(g["breakdownAmount"]["currencyAmount"])) for g in inside), Decimal(0))
        if inside:
            sides.append({"breakdownType": name, "breakdownAmount": _money(total, currency), "breakdowns": inside})
    told: dict[str, Any] = {
        "partnerMetadata": _partner(call, site), "periodEnd": last.isoformat(),
        "netProceeds": _money(sum(parts.values(), Decimal(0)), currency), "breakdowns": sides,
    }  # fmt: skip
    if first:
        told["periodStart"] = first.isoformat()
    return told


FOLDER = "/finances/2024-06-19"
OPERATIONS = (
    Operation("listTransactions", "GET", f"{FOLDER}/transactions", transactions, MODEL, 0.5, 10, ROLES),
    Operation("listBalances", "GET", f"{FOLDER}/balances", balances, MODEL, 0.5, 10, ROLES),
    Operation("listSummary", "GET", f"{FOLDER}/summary", summary, MODEL, 0.5, 10, ROLES),
)
