"""Whatever is asked of any address: an answer, never a fault, never a secret, and what is refused changes nothing."""

import pytest
from django.contrib.auth import get_user_model
from hypothesis import given

from forain.store import models

from .entries import PATTERNS, Entrance, entrance, forms_of, reads_a_form
from .examples import examples
from .requests import calls
from .site import Answer, Call, Site, example, world

SAFE = ("GET", "HEAD", "OPTIONS")
BEGINS = ("<slug:marketplace>/login",)
"""Addresses where looking begins something: a consent of this person's own."""


def prepared(site: Site, pattern: str) -> Entrance:
    """The address with what must stand around it: nobody yet for the first link, a private application where it is one's own."""
    found = entrance(site, pattern)
    if pattern.startswith("first/"):
        get_user_model().objects.all().delete()
    if "register" in pattern or pattern.endswith("renew-all"):
        models.Application.objects.update(kind="private")
    if pattern == "me/second-factor":
        # Looking there for the first time begins what the phone shall learn.
        site.ask(found.get())
    return found


def entered(pattern: str, call: Call, answer: Answer) -> bool:
    """A person who asks so comes in: not refused as nobody, as nothing or as no question, nor led back to the login."""
    led = dict(answer.headers).get("Location", "")
    if call.method == "GET":
        # What nobody asks for by GET says so.
        return answer.status in (200, 302) or (answer.status == 405 and reads_a_form(pattern))
    login = led.startswith(("/login", "/me/second-factor?")) and pattern not in (
        "logout",
        "login",
        "invited/<str:token>",
    )
    return answer.status in (200, 202, 302, 401, 422) and not login


@pytest.mark.parametrize("pattern", PATTERNS)
def test_any_request_has_an_answer_and_a_refused_one_changes_nothing(site: Site, tally, pattern):
    here = prepared(site, pattern)
    before = world()

    def asked(call):
        tally[f"Pages: /{pattern}"] += 1
        with example():
            answer = site.ask(call)

            site.held(answer)
            if answer.status >= 400 or (call.method in SAFE and pattern not in BEGINS):
                assert world() == before
        return answer

    # Asked rightly it is come in: else what is odd below would be tried on a closed door.
    for call in (here.get(), *(here.post(form, parts=parts) for form in here.forms for parts in (False, True))):
        answer = asked(call)
        assert entered(pattern, call, answer), (call, answer.status, answer.headers, answer.text[:2000])

    @examples(20, pattern)
    @given(call=calls(here))
    def spoiled(call):
        asked(call)

    spoiled()


def test_every_address_that_reads_a_form_is_sent_right_ones(site: Site):
    assert set(forms_of(site)) == {pattern for pattern in PATTERNS if reads_a_form(pattern)}
