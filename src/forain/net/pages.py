"""Reading lists that come page by page, and lists that are late: a loop guard, and windows that overlap."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Protocol, TypeVar

from forain.core.clock import Instant, Window
from forain.core.errors import Malformed


class Paged(Protocol):
    """A page of anything; `cursor` None: it was the last."""

    @property
    def cursor(self) -> str | None: ...


Page = TypeVar("Page", bound=Paged)


def pages(fetch: Callable[[str | None], Page], cursor: str | None = None) -> Iterator[Page]:
    """All pages from `cursor` (None: the first) on, fetched one by one as they are asked for.

    A cursor that comes twice would go round for ever: Malformed("cursor"), after the page that brought it was
    handed on. What `fetch` raises goes through; whoever goes on later passes the cursor he got to.
    """
    passed = {cursor}
    while True:
        page = fetch(cursor)
        yield page
        cursor = page.cursor
        if cursor is None:
            return
        if cursor in passed:
            raise Malformed("cursor")
        passed.add(cursor)


def overlapping(known_until: Instant | None, now: Instant, *, overlap: timedelta, first: timedelta) -> Window:
    """What to read now of a list known until `known_until` (None: never read, then `first` back).

    It begins `overlap` earlier than what is known: lists are late, edges are inclusive, and ids make repeats
    harmless. A `known_until` after `now` (a clock set back) gives a window that ends now.
    """
    since = known_until if known_until is not None else now - first
    return Window(min(since, now), now).widened(overlap)
