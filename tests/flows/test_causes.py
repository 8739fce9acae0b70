"""Why Amazon refuses: a row for every error body we know of it, what is concluded, and what the merchant reads then.

The bodies: Login with Amazon and SP-API as seen by others (a public log of calls of 2026-10-05, issues of Amazon's own
repositories, developer-docs.amazon.com/sp-api/docs/authorization-errors; read 2026-11-23).
"""

import html
import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from forain import wiring
from forain.core import authorization
from forain.store import accounts, issues, models
from forain.web import words
from forain.web.notices import with_cures
from tests.people import come_in

from .conftest import cutting

LANGUAGES = ("en", "fr", "de")
LOGIN, EVERYTHING, ORDERS, LOOK = "/auth/o2/token", "/eu/", "/eu/orders/", "/eu/sellers/"
GRANT_GONE = (
    "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
)
BAD_TOKEN = "The access token you provided is revoked, malformed or invalid."
PAUSES = (5, 70, 400, 700, 700, 700, 5)
"""Seconds between the ticks: enough for the second look, and for the half hour after which a side counts as ill."""
REQUEST = {"request_id": "r-1", "error_index": "12345678"}


@dataclass
class Answers:
    """Amazon as far as it is ill or refuses: stored answers where there are some, else the box."""

    box: object = None
    stored: list = field(default_factory=list)

    def __call__(self, environ, start_response):
        for place, status, body, left in self.stored:
            if environ["PATH_INFO"].startswith(place) and left[0] > 0:
                left[0] -= 1
                text = body if isinstance(body, str) else json.dumps(body)
                start_response(f"{status} Stored", [("content-type", "application/json"), ("x-amzn-requestid", "r-1")])
                return [text.encode()]
        return cutting(self.box)(environ, start_response)

    def over(self, box):
        self.box = box
        return self

    def store(self, place, status, body, times=10**6):
        self.stored.append((place, status, body, [times]))


def login(error, description=""):
    return {"error": error, "error_description": description, **REQUEST}


def api(details="", code="Unauthorized", message="Access to requested resource is denied."):
    return {"errors": [{"code": code, "message": message, "details": details}]}


@dataclass
class Case:
    """An answer, and what is concluded. `notice`: code and cause of what the merchant is told, None: nothing.

    `still`: why sync stands still, None: it goes on. `button`: where the button leads.
    `over`: the end date had passed.
    """

    name: str
    place: str
    status: int
    body: object
    notice: tuple[str, str] | None
    still: str | None
    button: str = ""
    over: bool = False
    times: int = 10**6


HERE = "/accounts/{}"
CASES = [
    Case("withdrawn", LOGIN, 400, login("invalid_grant", GRANT_GONE), ("authorization_revoked", ""), "revoked", HERE + "#renew"),
    Case("expired", LOGIN, 400, login("invalid_grant", GRANT_GONE), ("authorization_expired", ""), "expired", HERE + "#renew", over=True),
    Case("secret wrong", LOGIN, 401, login("invalid_client", "Client authentication failed"), ("application_refused", "invalid_client"), "application_refused", HERE + "#secret"),
    Case("application not let in", LOGIN, 400, login("unauthorized_client"), ("application_refused", "unauthorized_client"), "application_refused", HERE + "#check"),
    Case("our own fault", LOGIN, 400, login("invalid_request", "The request is missing a required parameter : grant_type"), ("internal", ""), None, "/health"),
    Case("our own fault", LOGIN, 400, login("unsupported_grant_type"), ("internal", ""), None, "/health"),
    Case("our own fault", LOGIN, 400, login("invalid_scope"), ("internal", ""), None, "/health"),
    Case("Amazon ill", LOGIN, 500, login("ServerError"), ("side_ill", ""), None, "/health"),
    Case("Amazon ill", LOGIN, 503, login("temporarily_unavailable"), ("side_ill", ""), None, "/health"),
    Case("Amazon ill", LOGIN, 400, login("server_error"), ("side_ill", ""), None, "/health"),
    Case("our own fault", EVERYTHING, 403, api("Access token is missing in the request header."), ("internal", ""), None, "/health"),
    Case("withdrawn", EVERYTHING, 403, api(BAD_TOKEN), ("authorization_revoked", ""), "revoked", HERE + "#renew"),
    Case("an access token died early", EVERYTHING, 403, api(BAD_TOKEN), None, None, times=1),
    Case("an access token died", EVERYTHING, 403, api("The access token you provided has expired."), None, None, times=1),
    Case("secret expired", EVERYTHING, 403, api("The LWA secret token you provided has expired."), ("application_refused", "secret_expired"), "application_refused", HERE + "#secret"),
    Case("wrong region", EVERYTHING, 403, api("The marketplaces you provided are not valid for region."), ("authorization_revoked", "wrong_region"), "revoked", "/accounts/add/amazon"),
    Case("account deactivated", EVERYTHING, 403, api(), ("authorization_revoked", "access_denied"), "revoked", HERE + "#check"),
    Case("account deactivated, after the date", EVERYTHING, 403, api(), ("authorization_revoked", "access_denied"), "revoked", HERE + "#check", over=True),
    Case("role missing", ORDERS, 403, api(), ("role_missing", ""), None, HERE + "#renew"),
    Case("our own fault", EVERYTHING, 403, api(code="MissingAuthenticationToken", message="Missing Authentication Token"), ("internal", ""), None, "/health"),
    Case("Amazon ill", EVERYTHING, 403, api(code="ExpiredToken", message="The security token included in the request is expired"), ("side_ill", ""), None, "/health"),
    Case("too fast", EVERYTHING, 429, api(code="QuotaExceeded", message="You exceeded your quota for the requested resource."), None, None),
    Case("our own fault", ORDERS, 400, api("'x' is no date", "InvalidInput", "Invalid Input"), ("internal", ""), None, "/health"),
    Case("Amazon ill", EVERYTHING, 500, api(code="InternalFailure", message="We encountered an internal error."), ("side_ill", ""), None, "/health"),
    Case("Amazon ill", EVERYTHING, 503, api(code="ServiceUnavailable", message="Service is temporarily unavailable."), ("side_ill", ""), None, "/health"),
    Case("Amazon ill", EVERYTHING, 503, "<html><h1>503</h1></html>", ("side_ill", ""), None, "/health"),
    Case("something between us", EVERYTHING, 403, "<html>blocked by your firewall</html>", ("side_ill", ""), None, "/health"),
]  # fmt: skip


@pytest.fixture
def shown(client, monkeypatch):
    """The pages of a house, to somebody who may do everything."""

    def show(house):
        monkeypatch.setattr(wiring, "deps", lambda: house.deps)
        come_in(client)
        return client

    return show


def all_the_words_there(browser, notice, language):
    """The sentence, the cure and the button, as the page of what is to do says them in that language."""
    page = html.unescape(browser.get("/issues", headers={"accept-language": language}).content.decode())
    subject = models.Account.objects.values_list("name", flat=True).first()
    sentence = words.tell(language, f"issue.{notice.code}", {**notice.placeholders, "subject": subject})
    cure = words.tell(language, f"cure.{notice.code}", notice.placeholders)
    ((_, _, button, _),) = with_cures([notice])
    assert sentence in page
    assert cure in page
    assert f'href="{button.url}"' in page
    assert words.say(language, button.words) in page
    return button.url, sentence, cure


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} {case.status} {case.place}")
def test_each_answer_leads_to_one_conclusion_with_its_sentence_cure_and_button(make_house, shown, case):
    amazon = Answers()
    house = make_house(transport=amazon.over)

    concludes(house, amazon, case, shown)


def concludes(house, amazon, case, shown):
    """The case's answer is met, and its conclusion stands in the facts and on the pages, in each language."""
    house.live(30, step=30)
    end = house.deps.clock.now() + timedelta(days=-1 if case.over else 200)
    models.Account.objects.update(estimated=False, expires_at=end)
    amazon.store(case.place, case.status, case.body, case.times)
    house.advance(3700)
    for seconds in PAUSES:
        house.tick()
        house.advance(seconds)
    house.tick()
    now = house.deps.clock.now()
    answer = accounts.may_sync(house.account, now)
    assert (answer.code if isinstance(answer, authorization.No) else None) == case.still
    found = {(n.code, n.placeholders.get("cause", "")): n for n in issues.open_notices()}
    if case.notice is None:
        assert set(found) == set()
        return
    notice = found.pop(case.notice)
    assert {code for code, _ in found} <= ({"internal"} if case.notice[0] == "internal" else set())
    browser = shown(house)
    said = [all_the_words_there(browser, notice, language) for language in LANGUAGES]
    assert len({sentence for _, sentence, _ in said}) == len({cure for _, _, cure in said}) == 3
    button = said[0][0]
    assert button == case.button.format(house.account_id)
    there, _, anchor = button.partition("#")
    page = browser.get(there).content.decode()
    assert not anchor or f'id="{anchor}"' in page


ALIKE = [{"Amazon ill", "something between us"}, {"account deactivated", "account deactivated, after the date"}]
"""What a merchant is told of in the same words, since he does the same about it; all else is told apart."""


def test_what_the_table_calls_two_causes_is_told_as_two():
    names = {}
    for case in CASES:
        if case.notice:
            names.setdefault(case.notice, set()).add(case.name)

    assert [found for found in names.values() if len(found) > 1 and found not in ALIKE] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_causes_never_share_their_sentence_or_their_cure(language):
    told = {case.notice for case in CASES if case.notice}
    told |= {
        ("clock_wrong", ""),
        ("authorization_revoked", "estimated"),
        ("accounts_doubted", ""),
        ("application_refused", ""),
    }

    for part in ("issue", "cure"):
        said = {}
        for code, cause in told:
            said.setdefault(words.tell(language, f"{part}.{code}", {"cause": cause}), []).append((code, cause))
        assert [causes for causes in said.values() if len(causes) > 1] == []
        assert "" not in said


CODE = "The request has an invalid grant parameter : code"
CONSENTS = [
    ("the code was older than five minutes, used, or another's", 400, login("invalid_grant", CODE), "invalid_grant_code"),
    ("secret wrong", 401, login("invalid_client", "Client authentication failed"), "invalid_client"),
    ("application not let in", 400, login("unauthorized_client"), "unauthorized_client"),
    ("our own fault", 400, login("invalid_request", "The request is missing a required parameter : code"), "login_refused"),
    ("Amazon ill", 503, login("ServerError"), "server_fault"),
]  # fmt: skip
"""Name, status and body of what Login with Amazon answers to the code of a consent, and the code of what is said then."""


@pytest.mark.parametrize("row", CONSENTS, ids=lambda row: f"{row[0]} {row[1]}")
def test_a_consent_whose_code_is_refused_says_why_and_leaves_the_former_grant_in_force(make_house, shown, row):
    from .test_consent import confirmed

    _, status, body, code = row
    amazon = Answers()
    house = make_house(kind="public", transport=amazon.over)
    browser, before = shown(house), (house.account.standing, house.account.grant_no)
    amazon.store(LOGIN, status, body)
    for language in LANGUAGES:
        there = browser.post(f"/accounts/{house.account_id}/renew")["Location"]
        back = confirmed(house, there)

        answer = browser.get("/amazon/callback", back, follow=True, headers={"accept-language": language})

        said = words.say_error(language, code, {"problem": "PROBLEM", "status": str(status)}).split("PROBLEM")
        page = html.unescape(answer.content.decode())
        assert all(part in page for part in said), (language, said)
    assert (house.account.standing, house.account.grant_no) == before
