"""What every answer carries against a page that was made to do more than it should: pages, files, refusals, breakdowns."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.test import Client
from django.urls import get_resolver, include, path, reverse

import forain.web
from forain.web.middleware import POLICY
from tests.people import come_in
from tests.web.test_what_stands_on_the_pages import addresses, full  # noqa: F401

CANARY = "canary-in-an-exception"
SAMPLES = {"site": "A13V1IB3VIYZZH", "marketplace": "amazon"}
EVENTS = re.compile(r"on[a-z]+$")


def breaking(error):
    @login_not_required
    def view(request):
        raise error

    return view


urlpatterns = [
    path("breaks/400", breaking(SuspiciousOperation(CANARY))),
    path("breaks/403", breaking(PermissionDenied(CANARY))),
    path("breaks/500", breaking(RuntimeError(CANARY))),
    path("", include("forain.web.urls")),
]
handler400, handler403 = "forain.web.refusals.bad_request", "forain.web.refusals.forbidden"


class Tags(HTMLParser):
    """What of a page a strict policy forbids: written into it, or from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.wrong = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        told = {name: value or "" for name, value in attributes}
        self.wrong += [f"{tag} {name}" for name in told if EVENTS.match(name) or name in ("style", "srcdoc")]
        self.wrong += [f"{tag} {name}" for name in told if name.startswith(("hx-on", "data-hx-on"))]
        own = told.get("src", told.get("href", "") if tag == "link" else "")
        if tag in ("script", "img", "link", "iframe", "object", "embed") and not own.startswith("/static/"):
            self.wrong.append(f"{tag} {own}")
        if tag in ("style", "base", "iframe", "object", "embed"):
            self.wrong.append(tag)
        if re.match(r"\s*(javascript|data|vbscript):", told.get("href", "") + told.get("action", ""), re.I):
            self.wrong.append(f"{tag} {told}")


def wrong_with(answer):
    """What an answer lacks, and what its page holds that it must not."""
    policy = answer.headers.get("Content-Security-Policy", "")
    found = (
        [] if re.sub(r"form-action 'self'[^;]*", "form-action 'self'", policy) == POLICY else [policy or "no policy"]
    )
    wanted = {
        "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
    }  # fmt: skip
    found += [name for name, value in wanted.items() if answer.headers.get(name) != value]
    if answer.headers.get("Referrer-Policy") not in ("same-origin", "no-referrer"):
        found.append("Referrer-Policy")
    if not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html"):
        found += Tags(answer.content.decode()).wrong
    return found


@pytest.fixture
def merchant(client, db, django_user_model):
    come_in(client)
    client.raise_request_exception = False
    return client


def every_address():
    for pattern in get_resolver("forain.config.urls").url_patterns[0].url_patterns:
        if getattr(pattern, "name", None):
            told = pattern.pattern.converters
            numbers = {name for name, kind in told.items() if kind.regex == "[0-9]+"}
            kwargs = {name: 1 if name in numbers else SAMPLES.get(name, "x") for name in told}
            yield reverse(pattern.name, kwargs=kwargs)


def test_every_answer_carries_the_policy_whoever_asks(merchant, db):
    found = {}
    for person in (merchant, Client(raise_request_exception=False)):
        for address in every_address():
            for ask in (person.get, person.post, person.put, person.head):
                if address == reverse("logout") and person is merchant:
                    continue
                answer = ask(address)
                wrong = wrong_with(answer) + (["breaks"] if answer.status_code == 500 else [])
                if wrong:
                    found[address, answer.status_code] = wrong

    assert found == {}


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_pages_full_of_data_hold_nothing_a_strict_policy_forbids(merchant, full, language):  # noqa: F811
    pages = addresses(full)
    found = {page: wrong_with(merchant.get(page, headers={"accept-language": language})) for page in pages}

    assert len(pages) > 8
    assert {page: wrong for page, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.urls(__name__)
def test_a_breakdown_carries_the_policy_speaks_the_language_and_tells_nothing(client, db, language):
    client.raise_request_exception = False
    for status in (400, 403, 500):
        answer = client.get(f"/breaks/{status}", headers={"accept-language": language})
        page = answer.content.decode()
        assert (answer.status_code, wrong_with(answer)) == (status, [])
        assert f'lang="{language}"' in page
        assert not re.search(f"{CANARY}|Traceback|Error|Django|/src/", page), page


def test_refusals_carry_the_policy_too(client, db, settings):
    strict = Client(enforce_csrf_checks=True)
    told = {
        "a wrong host": client.get("/", headers={"host": "evil.example"}),
        "a form without its token": strict.post("/login", {"user": "x"}),
        "no such page": client.get("/no/such/page"),
        "zero in an address": client.get("/login?next=%00"),
        "zero in a path": client.get("/hooks/%00"),
        "zero in a form": client.post("/login", {"user": "a\0b", "password": "x"}),
        "another method": client.delete("/language"),
        "too large": client.post("/hooks/x", b" " * (2 * 1024 * 1024), "application/json"),
        "a watcher": client.get("/healthz"),
        "a file": client.get("/static/web/forain.css"),
        "a file that is none": client.get("/static/web/none.css"),
    }

    statuses = {name: answer.status_code for name, answer in told.items()}
    assert {name: wrong_with(answer) for name, answer in told.items() if wrong_with(answer)} == {}
    assert statuses == {
        "a wrong host": 400, "a form without its token": 403, "no such page": 404, "zero in an address": 400,
        "zero in a path": 404, "zero in a form": 400, "another method": 302, "too large": 413, "a watcher": 503,
        "a file": 200, "a file that is none": 404,
    }  # fmt: skip


@pytest.mark.parametrize(
    "query", ["after=²", "after=٣", "after=99999999999999999999999999", "q=%ff", "q=%E2%80%AE", "state=;--"]
)
@pytest.mark.parametrize("page", ["/offers", "/orders", "/journal", "/issues", "/"])
def test_a_strange_question_breaks_no_page(merchant, page, query):
    assert merchant.get(f"{page}?{query}").status_code == 200


def test_no_template_holds_script_style_or_handlers_of_its_own():
    folder = Path(forain.web.__file__).parent
    templates = list(folder.rglob("*.html"))
    forbidden = re.compile(
        r"<script(?![^>]*\bsrc=)|<style|\sstyle\s*=|\son[a-z]+=|\bhx-on|javascript:|\|safe\b|autoescape\s+off|mark_safe", re.I
    )  # fmt: skip
    found = {(file.name, told[0]) for file in templates if (told := forbidden.search(file.read_text()))}

    assert len(templates) > 25
    assert found == set()
    # The one picture that is drawn here: the QR code of a second factor, by a library, from our own text.
    assert [file.name for file in folder.rglob("*.py") if "mark_safe" in file.read_text()] == ["own.py"]
