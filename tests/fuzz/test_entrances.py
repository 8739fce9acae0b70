"""Whatever is asked of any address: an answer, never a fault, never a secret, and what is refused changes nothing."""

import pytest
from hypothesis import given

from .examples import examples
from .requests import PATTERNS, calls
from .site import Site, example, world

SAFE = ("GET", "HEAD", "OPTIONS")
BEGINS = ("<slug:marketplace>/login",)
"""Addresses where looking begins something: a consent of this person's own."""


@pytest.mark.parametrize("pattern", PATTERNS)
def test_any_request_has_an_answer_and_a_refused_one_changes_nothing(site: Site, tally, pattern):
    numbers = {"shops": site.shop.pk, "accounts": site.account.pk, "offers": site.offer.pk, "orders": site.order.pk}
    before = world()

    @examples(12)
    @given(call=calls(pattern, numbers))
    def asked(call):
        tally[f"Pages: /{pattern}"] += 1
        with example():
            answer = site.ask(call)

            site.held(answer, allowed=(503,) if pattern == "healthz" else ())
            if answer.status >= 400 or (call.method in SAFE and pattern not in BEGINS):
                assert world() == before

    asked()
