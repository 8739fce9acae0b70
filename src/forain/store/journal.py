"""The append-only record of decisions. What a merchant may ask about; no buyers' data, no secrets."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection

from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.core.plain import one_line
from forain.store import models
from forain.store.arrays import array, as_json

_chain: ContextVar[str] = ContextVar("forain_chain", default="")


def new_correlation() -> str:
    """A fresh name for one chain of causes."""
    return secrets.token_hex(6)


@contextmanager
def chain(correlation: str = "") -> Iterator[str]:
    """Everything written within carries one correlation id; a chain within a chain goes on with the outer's."""
    name = correlation or _chain.get() or new_correlation()
    token = _chain.set(name)
    try:
        yield name
    finally:
        _chain.reset(token)


def correlation() -> str:
    """The id of the present chain; a fresh one outside of any."""
    return _chain.get() or new_correlation()


def write(
    now: Instant,
    code: str,
    *,
    account: AccountId | None = None,
    subject: str = "",
    correlation_id: str = "",
    placeholders: Mapping[str, Any] | None = None,
) -> None:
    """Add one entry. `placeholders`: plain values, filled into the sentence in the reader's language."""
    models.Journal.objects.create(
        at=now,
        correlation=correlation_id or correlation(),
        account_id=account,
        subject=one_line(subject),
        code=code,
        placeholders={name: one_line(value) for name, value in (placeholders or {}).items()},
    )


def told_since(moment: Instant, subject: str, codes: Iterable[str]) -> bool:
    """One of these codes was written about this subject after that moment."""
    return models.Journal.objects.filter(subject=subject, code__in=codes, at__gt=moment).exists()


_WRITE = """
INSERT INTO store_journal (at, account_id, subject, code, correlation, placeholders)
SELECT %s, account, subject, code, correlation, placeholders::jsonb
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[])
    WITH ORDINALITY AS told (subject, code, account, correlation, placeholders, place)
ORDER BY place
"""


def write_many(now: Instant, entries: list[tuple[str, str, AccountId, str, dict[str, str]]]) -> None:
    """Add (code, subject, account, correlation, placeholders) entries in one statement, in their order."""
    if not entries:
        return
    told = [{name: one_line(value) for name, value in words.items()} for *_, words in entries]
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                now, array(one_line(subject) for _, subject, *_ in entries), array(code for code, *_ in entries),
                array(account for _, _, account, *_ in entries),
                array(chain_id or correlation() for *_, chain_id, _ in entries), array(as_json(words) for words in told),
            ],
        )  # fmt: skip


def forget(before: Instant, most: int) -> int:
    """Delete up to `most` of the entries written before that moment, oldest first; the answer is how many it were."""
    oldest = models.Journal.objects.filter(at__lt=before).order_by("at", "pk").values_list("pk", flat=True)[:most]
    return models.Journal.objects.filter(pk__in=list(oldest)).delete()[0]
