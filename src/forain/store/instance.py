"""The one row about this installation."""

import hashlib
import secrets

from forain.core.clock import Instant
from forain.store import models


def get() -> models.Instance:
    """The row, made when absent."""
    row, _ = models.Instance.objects.get_or_create(pk=1)
    return row


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def new_first_link() -> str:
    """A one-time secret for the first owner; an earlier one stops working."""
    token = secrets.token_urlsafe(24)
    get()
    models.Instance.objects.filter(pk=1).update(first_link_hash=_hash(token))
    return token


def first_link_fits(token: str) -> bool:
    """The token of the link that still works; never after there is one."""
    stored = get().first_link_hash
    return bool(stored) and secrets.compare_digest(stored, _hash(token))


def use_first_link(token: str) -> bool:
    """Use the link up; True: this call did, and it works no more."""
    return bool(models.Instance.objects.filter(pk=1, first_link_hash=_hash(token)).update(first_link_hash=""))


def worker_age_seconds(now: Instant) -> float | None:
    """Seconds since a worker's last pulse, None when there never was one."""
    seen = get().worker_seen_at
    return None if seen is None else max((now - seen).total_seconds(), 0.0)


def set_rates_url(url: str) -> bool:
    """Where exchange rates are fetched, "" nowhere; True: that is new."""
    get()
    return bool(models.Instance.objects.filter(pk=1).exclude(rates_url=url).update(rates_url=url))


def letters_name() -> str:
    """What sets this installation's reminders apart from those of another; made once, whoever asks first."""
    get()
    models.Instance.objects.filter(pk=1, letters_name="").update(letters_name=secrets.token_hex(8))
    return get().letters_name
