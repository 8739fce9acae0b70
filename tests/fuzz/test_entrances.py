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
    there = {
        "shops": str(site.shop.pk), "accounts": str(site.account.pk), "offers": str(site.offer.pk),
        "orders": str(site.order.pk), "people": str(site.other.pk), "first": site.first_link, "invited": site.invitation,
    }  # fmt: skip
    before = world()

    @examples(12)
    @given(call=calls(pattern, there))
    def asked(call):
        if pattern == "login/code" and call.cookies is None:
            call.cookies = site.half
        tally[f"Pages: /{pattern}"] += 1
        with example():
            answer = site.ask(call)

            site.held(answer, allowed=(503,) if pattern == "healthz" else ())
            if answer.status >= 400 or (call.method in SAFE and pattern not in BEGINS):
                assert world() == before

    asked()
