"""The outbox of reminders, who takes care of what they are about, and the addresses that are called."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db.models import Q

from forain.core.clock import Instant
from forain.core.reminders import Care
from forain.store import instance, models

CLAIM_LIFE = timedelta(minutes=10)
"""Longer than any sending lasts: whoever claimed it longer ago is dead."""


def of(topics: Iterable[str]) -> list[models.Letter]:
    """All letters about these topics, oldest first."""
    return list(models.Letter.objects.filter(topic__in=list(topics)).order_by("made_at", "pk"))


def make(letters: Iterable[models.Letter]) -> None:
    """Put them into the outbox; what is there already stays as it is."""
    models.Letter.objects.bulk_create(letters, ignore_conflicts=True)


def revive(numbers: Iterable[int]) -> None:
    """What was over is to be told after all, unless it was refused or sent meanwhile."""
    models.Letter.objects.filter(pk__in=list(numbers), over="past", sent_at=None).update(over="")


def waiting() -> list[models.Letter]:
    """What is neither sent nor over, longest due first."""
    return list(models.Letter.objects.filter(sent_at=None, over="").order_by("due_at", "pk"))


def end(numbers: Iterable[int], why: str, error: str = "") -> None:
    """They will not be sent; `why`: as in Letter.over."""
    models.Letter.objects.filter(pk__in=list(numbers), sent_at=None).update(over=why, error=error)


def put_off(numbers: Iterable[int], until: Instant) -> None:
    """Not before then; no try was made."""
    models.Letter.objects.filter(pk__in=list(numbers), sent_at=None).update(due_at=until)


def try_again(receivers: Iterable[str], now: Instant) -> None:
    """What these receivers did not take, or what waits for them, is due now: their address is another one."""
    rows = models.Letter.objects.filter(receiver__in=list(receivers), sent_at=None).exclude(over="past")
    rows.update(over="", due_at=now, attempt=0)


def told_after_all(receiver: str, now: Instant) -> None:
    """The receiver takes mail again: what was refused before is due now, where there still is something to tell. Safe to
    repeat."""
    rows = models.Letter.objects.filter(receiver=receiver, over="refused", sent_at=None)
    rows.update(over="", due_at=now, attempt=0, error="", claimed_until=None)


def forget_ahead(limit: Instant, dated: Iterable[str], now: Instant) -> None:
    """What was put out or told later than `limit` was so by a clock that was wrong: dates (`dated`: their codes) and weeks are
    told again once they are due. What has happened was told well; where that did not go yet, it is due now. Safe to repeat."""
    ahead = models.Letter.objects.filter(Q(made_at__gt=limit) | Q(sent_at__gt=limit))
    ahead.filter(Q(code__in=list(dated)) | Q(mark__startswith="-")).delete()
    ahead.filter(sent_at=None).update(made_at=now, due_at=now, attempt=0, claimed_until=None)


def claim(letter: models.Letter, now: Instant) -> Instant | None:
    """Take a letter for CLAIM_LIFE; the answer is the claim, None: it is not to be sent now, or another worker is at it."""
    until = now + CLAIM_LIFE
    free = models.Letter.objects.filter(pk=letter.pk, sent_at=None, over="", due_at__lte=now)
    free = free.filter(claimed_until=None) | free.filter(claimed_until__lte=now)
    return until if free.update(claimed_until=until) else None


def sent(letter: models.Letter, now: Instant) -> None:
    """The other side took it. Whoever else is at it has told it too: it is told."""
    models.Letter.objects.filter(pk=letter.pk, sent_at=None).update(sent_at=now, claimed_until=None, error="")


def failed(letter: models.Letter, claim: Instant, error: str, due_at: Instant, *, attempt: bool) -> None:
    """It did not go; again at `due_at`. Changes nothing where the claim was lost meanwhile."""
    rows = models.Letter.objects.filter(pk=letter.pk, claimed_until=claim, sent_at=None)
    rows.update(claimed_until=None, error=error[:300], due_at=due_at, attempt=letter.attempt + (1 if attempt else 0))


def identity(letter: models.Letter) -> str:
    """What the receiver knows it by, the same however often it is sent: made of its de-duplication key, and of when it was
    put out, so that one told again after a clock was put right is another one."""
    made = letter.made_at.isoformat()
    key = "|".join((instance.letters_name(), letter.topic, letter.mark, letter.channel, letter.receiver, made))
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def newest(most: int) -> list[models.Letter]:
    """The last letters that were made, newest first."""
    return list(models.Letter.objects.order_by("-made_at", "-pk")[:most])


def forget(before: Instant, most: int) -> int:
    """Delete up to `most` of those made before that moment, oldest first; the answer is how many it were."""
    oldest = models.Letter.objects.filter(made_at__lt=before).order_by("made_at", "pk").values_list("pk", flat=True)
    return models.Letter.objects.filter(pk__in=list(oldest[:most])).delete()[0]


def cares() -> Mapping[str, Care]:
    """Topic -> who takes care of it."""
    return {row.topic: Care(row.by, row.at, row.again_at) for row in models.Care.objects.all()}


def take_care(topic: str, care: Care) -> None:
    """Somebody takes care of a topic, instead of whoever did before."""
    models.Care.objects.update_or_create(
        topic=topic, defaults={"by": care.by, "at": care.at, "again_at": care.again_at}
    )


def no_care(topic: str) -> None:
    """Nobody takes care of it any more. Safe to repeat."""
    models.Care.objects.filter(topic=topic).delete()


def webhooks() -> list[models.Webhook]:
    """All addresses that are called, oldest first."""
    return list(models.Webhook.objects.order_by("pk"))
