"""The queues through which new client secrets come, and what is known of each."""

from typing import Any

from forain.contracts.queue import QueueAddress
from forain.core.clock import Instant
from forain.core.ids import ApplicationId
from forain.store import models


def get(application: ApplicationId) -> models.SecretQueue | None:
    """The application's queue with its application, None: it has none."""
    return models.SecretQueue.objects.select_related("application").filter(application=application).first()


def keep(application: ApplicationId, address: QueueAddress, now: Instant) -> None:
    """This is the application's queue from now on. A secret that is awaited stays so: it may come through this one."""
    told = {"url": address.url, "region": address.region, "access_key_id": address.access_key_id}
    models.SecretQueue.objects.update_or_create(
        application_id=application, defaults={**told, "set_at": now, "read_at": None}
    )


def forget(application: ApplicationId) -> None:
    """The application has no queue any more. Safe to repeat."""
    models.SecretQueue.objects.filter(application=application).delete()


def note(application: ApplicationId, **facts: Any) -> None:
    """Write facts of the queue; nothing where there is none."""
    models.SecretQueue.objects.filter(application=application).update(**facts)


def begin_asking(application: ApplicationId, awaited: Instant | None, now: Instant) -> bool:
    """Note that a new secret is asked for now, where nobody else did since `awaited` was read; True: it is ours to ask."""
    rows = models.SecretQueue.objects.filter(application=application, asked_at=awaited)
    return bool(rows.update(asked_at=now))


def end_asking(application: ApplicationId, awaited: Instant | None) -> None:
    """What was asked for then is awaited no more; nothing where another one was asked for since."""
    models.SecretQueue.objects.filter(application=application, asked_at=awaited).update(asked_at=None)


def address_of(row: models.SecretQueue) -> QueueAddress:
    """Where the queue is, as a value."""
    return QueueAddress(row.url, row.region, row.access_key_id)
