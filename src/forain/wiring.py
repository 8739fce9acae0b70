"""The composition root: the one real clock, the one HTTP client, adapters from rows. The only file that picks
concrete things."""

import json
import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

from forain import plugins
from forain.contracts.manifest import Addresses, MarketplaceManifest, RateLimit, ShopManifest
from forain.contracts.marketplace import Credentials, Marketplace
from forain.contracts.net import Net, Request
from forain.contracts.queue import Queue, QueueAddress
from forain.contracts.shop import Shop, ShopCredentials
from forain.core.clock import Clock, Instant
from forain.core.errors import AdapterError, GrantRefused, Problem, Rejected
from forain.core.ids import AccountId, SellerId
from forain.core.secret import Secret
from forain.flows import authorize
from forain.flows.deps import Deps, Mailer
from forain.net.addresses import Guard, Network
from forain.net.client import NetClient
from forain.net.http import Wsgi, client
from forain.net.mail import MailServer
from forain.net.oauth import AccessTokens, RefreshingSource
from forain.net.sqs import SqsQueue
from forain.store import issues, models
from forain.store.limits import SharedLimiter, scope_of
from forain.store.vault import Vault

log = logging.getLogger("forain.net")

QUEUE_LIMITS = {
    "queue": RateLimit(
        "queue", 1, 60, "a queue takes far more; ours, so that a loop cannot hammer it", date(2026, 11, 29)
    )
}


class RealClock:
    """Now, in UTC."""

    def now(self) -> Instant:
        return datetime.now(UTC)


class SteeredClock:
    """Real time moved by the seconds that a file holds: for the demo, where a year passes in a minute.

    Only where every address of an account is this machine: see `RowOpener.marketplace`.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> Instant:
        try:
            seconds = float(json.loads(self._file.read_text() or "0"))
        except (FileNotFoundError, ValueError):
            seconds = 0.0
        return datetime.now(UTC) + timedelta(seconds=seconds)


class SideLog:
    """`net.client.CallLog`: a line at debug level, and the sides' health, written when it changes or once a while.

    Whether our clock is right is read off the hour in the answers: an answer under way and clocks that tick a little
    apart are told from a clock that is set wrong by `CLOCK_MAY_DIFFER`.
    """

    EVERY = timedelta(seconds=10)
    CLOCK_MAY_DIFFER = timedelta(minutes=5)
    CLOCK_MOST = timedelta(days=3650)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._told: dict[str, tuple[Instant, int, bool]] = {}

    def called(self, side: str, operation: str, status: int, request_id: str, milliseconds: int, date: str) -> None:
        log.debug("side=%s operation=%s status=%s request=%s ms=%s", side, operation, status, request_id, milliseconds)
        if status >= 500:
            self._fails(side, f"{operation} {status}")
            return
        now = self._clock.now()
        found = self._clock_off(date, now)
        with self._guard:
            told_at, told_off, told_hour = self._told.get(side, (now - self.EVERY, 0, True))
            # An answer without an hour leaves what the one before said; one with an hour is not dropped for one without.
            off, hour = told_off if found is None else found, found is not None
            if abs(now - told_at) < self.EVERY and (off == 0) == (told_off == 0) and (told_hour or not hour):
                return
            self._told[side] = (now, off, hour)
        if issues.side_answers(side, now, clock_off=found, **_side_owner(side)):
            log.warning("side=%s is back", side)
        if (off == 0) != (told_off == 0):
            log.warning("side=%s our clock is %s", side, f"off by {off} seconds" if off else "right again")

    def _clock_off(self, date: str, now: Instant) -> int | None:
        """By how many seconds our clock is ahead of the hour told; 0 where it is right, None where nothing readable was."""
        try:
            theirs = parsedate_to_datetime(date)
            off = now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            return None
        if abs(off) <= self.CLOCK_MAY_DIFFER:
            return 0
        return int(max(min(off, self.CLOCK_MOST), -self.CLOCK_MOST).total_seconds())

    def no_answer(self, side: str, operation: str, error: str) -> None:
        # An address that is not opened has words of its own, with the cure.
        self._fails(side, error if error.startswith("address_") else f"{operation} {error}")

    def _fails(self, side: str, error: str) -> None:
        with self._guard:
            self._told.pop(side, None)
        if issues.side_fails(side, error, self._clock.now(), **_side_owner(side)):
            log.warning("side=%s does not answer: %s", side, error)


class DebugLog:
    """`net.client.CallLog` at debug level only, for sides of which others say whether they do well (a webhook's flow, the
    heartbeat). Their addresses are secrets, so no error text is written: it may repeat them."""

    def called(self, side: str, operation: str, status: int, request_id: str, milliseconds: int, date: str) -> None:
        log.debug("side=%s operation=%s status=%s ms=%s", side, operation, status, milliseconds)

    def no_answer(self, side: str, operation: str, error: str) -> None:
        log.debug("side=%s operation=%s no answer", side, operation)


def _side_owner(side: str) -> dict[str, int]:
    kind, _, number = side.partition(":")
    return {kind: int(number)} if kind in ("account", "shop") and number.isdigit() else {}


def _all_loopback(own: Addresses, region: str, options: Mapping[str, str]) -> bool:
    used = (options.get("address.token") or own.token, options.get("address.api") or own.api[region])
    # Without access tokens there is no address to get them from.
    return all(urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1") for address in used if address)


class Heartbeat:
    """`flows.deps.Deps.ping`: one GET of the monitor's address. Written to the log when it breaks and when it is back."""

    TIMEOUT_SECONDS = 10

    def __init__(self, url: str, clock: Clock, wsgi: Wsgi | None, allowed: Sequence[Network]) -> None:
        http, limiter = client(wsgi, Guard(allowed)), SharedLimiter(clock)
        self._url = url
        self._net = NetClient(http, scope="house", side="heartbeat", limits={}, limiter=limiter, log=DebugLog())
        self._heard = True

    def __call__(self) -> bool:
        request = Request(
            "heartbeat",
            "GET",
            self._url,
            headers={"accept": "*/*"},
            authorized=False,
            timeout_seconds=self.TIMEOUT_SECONDS,
        )
        try:
            status = self._net.send(request).status
            told = "" if status < 400 else f"answer {status}"
        except AdapterError as error:
            told = str(error)
        if self._heard and told:
            log.warning("the monitor does not hear the heartbeat: %s", told)
        elif not self._heard and not told:
            log.warning("the monitor hears the heartbeat again")
        self._heard = not told
        return self._heard


class RowOpener:
    """`flows.deps.Opener`: adapters built from rows and the vault, costing nothing until they are used."""

    def __init__(self, clock: Clock, vault: Vault, wsgi: Wsgi | None = None, allowed: Sequence[Network] = ()) -> None:
        self._clock = clock
        self._vault = vault
        self._http = client(wsgi, Guard(allowed))
        self._limiter = SharedLimiter(clock)
        self._tokens = AccessTokens(clock)
        self._log = SideLog(clock)

    def marketplace_manifest(self, code: str) -> MarketplaceManifest:
        return plugins.marketplace_manifest(code)

    def shop_manifest(self, code: str) -> ShopManifest:
        return plugins.shop_manifest(code)

    def marketplace(
        self, account: models.Account, refresh: Secret | None = None, client_secret: Secret | None = None
    ) -> Marketplace:
        module = plugins.marketplaces()[account.marketplace]
        application = account.application
        # What is given is tried instead of what is stored: that one may not even be readable any more.
        owners = [f"account:{account.pk}"] * (refresh is None) + [f"application:{application.pk}"] * (
            client_secret is None
        )
        stored = self._vault.all_of(*owners)
        kept = refresh or stored.get("refresh")
        options = dict(account.options)
        if isinstance(self._clock, SteeredClock) and not _all_loopback(
            module.MANIFEST.addresses, account.region, options
        ):
            # With a clock that lies, tokens would look dead and dates would be wrong at the real Amazon.
            raise Rejected([Problem("steered_clock")], "steered_clock")
        if application.draft:
            options["draft"] = "yes"
        credentials = Credentials(
            account=AccountId(account.pk),
            seller=SellerId(account.seller),
            region=account.region,
            client_id=application.client_id,
            client_secret=client_secret or stored.get("client_secret") or Secret(""),
            refresh=kept,
            options=options,
            former_secret=self._former(application, stored),
        )
        limits = {limit.operation: limit for limit in module.MANIFEST.limits}
        scope = scope_of(account)
        net_client = partial(
            NetClient,
            self._http,
            scope=scope,
            side=f"account:{account.pk}",
            limits=limits,
            limiter=self._limiter,
            log=self._log,
            says_ill=getattr(module, "says_ill", None),
        )
        if hasattr(module, "signed"):
            # A signature holds for the moment it was made in, and an adapter knows none.
            signing = net_client(
                signed=lambda request: module.signed(credentials, request, self._clock.now()),
                too_fast=module.too_fast,
                rate_header="",
            )
            found_adapter: Marketplace = module.open(credentials, signing)
            return found_adapter
        plain = net_client()

        def exchange() -> tuple[Secret, int]:
            if credentials.refresh is None:
                raise GrantRefused("no_token")
            found: tuple[Secret, int] = module.exchange(credentials, plain)
            return found

        source = RefreshingSource(
            self._tokens,
            # A token got with a former secret says nothing about the present one; nor does one that was got with whichever of
            # the two was accepted.
            " ".join(
                [
                    application.client_id,
                    *(secret.reveal() for secret in (credentials.client_secret, credentials.former_secret) if secret),
                ]
            ),
            kept or Secret(""),
            exchange,
            module.ACCESS_TOKEN_HEADER,
        )
        net = net_client(tokens=source, token_expired=module.token_expired)
        adapter: Marketplace = module.open(credentials, net)
        return adapter

    def shop(self, shop: models.Shop, secrets: Mapping[str, Secret] | None = None) -> Shop:
        module = plugins.shops()[shop.kind]
        stored = self._vault.all_of(f"shop:{shop.pk}")
        credentials = ShopCredentials(options=dict(shop.options), secrets={**stored, **(secrets or {})})
        limits = {limit.operation: limit for limit in module.MANIFEST.limits}
        net = NetClient(
            self._http,
            scope=f"shop:{shop.pk}",
            side=f"shop:{shop.pk}",
            limits=limits,
            limiter=self._limiter,
            log=self._log,
            rate_header="",
        )
        adapter: Shop = module.open(credentials, net)
        return adapter

    def _former(self, application: models.Application, stored: Mapping[str, Secret]) -> Secret | None:
        """The secret before the present one while the marketplace accepts it; None where another one is being tried."""
        until = application.former_until
        return stored.get(authorize.FORMER) if until is not None and self._clock.now() < until else None

    def queue(self, application: models.Application, address: QueueAddress, key: Secret) -> Queue:
        side = f"queue:{application.pk}"
        net = NetClient(
            self._http, scope=side, side=side, limits=QUEUE_LIMITS, limiter=self._limiter, log=self._log, rate_header=""
        )
        return SqsQueue(net, address, key)

    def rates(self) -> Net:
        return NetClient(self._http, scope="house", side="rates", limits={}, limiter=self._limiter, log=DebugLog())

    def webhook(self, webhook: models.Webhook) -> Net:
        side = f"webhook:{webhook.pk}"
        return NetClient(self._http, scope=side, side=side, limits={}, limiter=self._limiter, log=DebugLog())


def build(
    clock: Clock,
    vault: Vault,
    public_url: str,
    wsgi: Wsgi | None = None,
    jitter: Callable[[], float] = random.random,
    allowed: Sequence[Network] = (),
    mail: Mailer | None = None,
    ping_url: str = "",
) -> Deps:
    """Deps from their parts. `wsgi`: every call out is answered by this application, in-process. `allowed`: the private
    networks that may be called. `mail` None: no mail goes out. `ping_url`: of an outside monitor, "" for none."""
    opener = RowOpener(clock, vault, wsgi, allowed)
    write = import_string(settings.REMINDERS_WRITER)
    ping = Heartbeat(ping_url, clock, wsgi, allowed) if ping_url else None
    return Deps(
        clock=clock, vault=vault, open=opener, jitter=jitter, public_url=public_url, write=write, mail=mail, ping=ping
    )


@cache
def deps() -> Deps:
    """The Deps of this process, from its settings."""
    steered: str = settings.CLOCK_FILE
    clock: Clock = SteeredClock(Path(steered)) if steered else RealClock()
    return build(
        clock,
        Vault(settings.VAULT_KEYS),
        settings.PUBLIC_URL or settings.LOCAL_URL,
        allowed=settings.ALLOW_PRIVATE,
        mail=MailServer(settings.MAIL) if settings.MAIL else None,
        ping_url=settings.PING_URL,
    )


__all__ = ["RealClock", "RowOpener", "SteeredClock", "build", "deps"]
