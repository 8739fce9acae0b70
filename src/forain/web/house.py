"""The facts of this installation that Amazon's security questions are about, as they are at this moment."""

import tempfile
from collections import Counter
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings

from forain import plugins, wiring
from forain.core.house import House
from forain.core.orders import BUYER_KEPT, NEVER_SENT
from forain.core.people import REVIEW_EVERY, Role, review_due
from forain.flows.prune import JOURNAL_KEPT
from forain.store import accounts, instance, models, people

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
ENCRYPTED = ("require", "verify-ca", "verify-full")
MONTH_DAYS = 30.4


def house() -> House:
    """Asked anew each time: an answer that was true last week is none."""
    deps = wiring.deps()
    active = [person for person in people.every() if person.user.is_active]
    count = Counter(person.role for person in active)
    confirmed_at = instance.get().people_confirmed_at
    database, host = _database()
    return House(
        roles={role.value: count[role.value] for role in Role},
        factors=sum(person.second_factor_at is not None for person in active),
        reviewed=confirmed_at is not None and not review_due(confirmed_at, deps.clock.now()),
        url=deps.public_url,
        reach=_reach(deps.public_url),
        hosts=_hosts(),
        database=database,
        database_host=host,
        shops=tuple(models.Shop.objects.order_by("pk").values_list("name", flat=True)),
        plain_shops=tuple(shop.name for shop in models.Shop.objects.order_by("pk") if _plain(shop)),
        folders=tuple(shop.name for shop in models.Shop.objects.order_by("pk") if _folder(shop)),
        retired=tuple(row.name for row in accounts.every() if plugins.marketplace_manifest(row.marketplace).retired_on),
        keys_in_file=settings.VAULT_KEYS.in_file,
        alarms=(deps.mail is not None and any(person.user.email for person in active)) or models.Webhook.objects.exists(),
        kept_days=BUYER_KEPT.days,
        unsent_days=NEVER_SENT.days,
        journal_months=round(JOURNAL_KEPT.days / MONTH_DAYS),
        idle_hours=settings.SESSION_COOKIE_AGE // 3600,
        session_days=settings.SESSION_LIFE // 86400,
        review_days=REVIEW_EVERY.days,
    )  # fmt: skip


def _hosts() -> tuple[str, ...]:
    """The names of FORAIN_HOSTS that are not this machine's own; "*": any."""
    return tuple(host for host in settings.ALLOWED_HOSTS if host not in LOOPBACK)


def _reach(url: str) -> Literal["loopback", "https", "http", "named"]:
    told = urlsplit(url)
    if told.scheme == "https":
        return "https"
    if told.hostname not in LOOPBACK:
        return "http"
    # Whoever lets the pages answer to a name has something in front of them that Forain was not told of.
    return "named" if _hosts() else "loopback"


def _database() -> tuple[Literal["private", "local", "tls", "plain"], str]:
    """(which kind, on which host). Only Forain's own server is known to have no port on the network."""
    told = settings.DATABASES["default"]
    host = str(told.get("HOST", ""))
    if host.startswith((str(settings.HOME), f"{tempfile.gettempdir()}/forain-", "/tmp/forain-")):
        return "private", ""
    if not host or host.startswith("/") or host in LOOPBACK:
        return "local", ""
    return ("tls" if told.get("OPTIONS", {}).get("sslmode") in ENCRYPTED else "plain"), host


def _plain(shop: models.Shop) -> bool:
    """Reached over a network without encryption."""
    told = [urlsplit(value) for value in shop.options.values() if isinstance(value, str)]
    return any(one.scheme == "http" and one.hostname not in LOOPBACK for one in told)


def _folder(shop: models.Shop) -> bool:
    """Orders lie in plain files until it takes them."""
    return any(field.kind == "folder" for field in plugins.shop_manifest(shop.kind).fields)
