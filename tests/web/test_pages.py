"""The pages as a merchant's browser asks for them: what is public, what is not, and wrong input."""

import pytest

from forain.store import instance, models
from forain.web import words
from tests.people import PASSWORD, add, come_in


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    return client


def test_the_first_link_makes_one_administrator_and_then_no_more(client, transactional_db):
    token = instance.new_first_link()

    short = client.post(f"/first/{token}", {"user": "camille", "password": "short"})
    made = client.post(f"/first/{token}", {"user": "camille", "password": PASSWORD})
    again = client.get(f"/first/{token}")

    assert short.status_code == 200
    assert made.status_code == 302
    assert again.status_code == 410
    assert models.Person.objects.get().role == "owner"


def test_a_guessed_first_link_opens_nothing(client, transactional_db):
    assert client.get("/first/guess").status_code == 410
    instance.new_first_link()
    assert client.get("/first/guess").status_code == 410


def test_login_does_not_lead_elsewhere(client, transactional_db):
    add("camille", password=PASSWORD)

    response = client.post("/login", {"user": "camille", "password": PASSWORD, "next": "https://evil.example/"})

    assert response["Location"] == "/"


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize(
    "path", ["/", "/shops/add", "/accounts/add/amazon", "/offers", "/orders", "/issues", "/journal", "/health"]
)
def test_every_page_opens_empty_in_every_language(merchant, path, language):
    response = merchant.get(path, headers={"accept-language": language})

    assert response.status_code == 200
    assert f'lang="{language}"' in response.content.decode()
    assert "script-src 'self'" in response["Content-Security-Policy"]


def test_the_chosen_language_outlives_the_browser(client, transactional_db):
    answer = client.post("/language", {"language": "fr", "next": "/login"})

    assert answer.cookies["forain_language"]["max-age"] == 365 * 24 * 3600
    assert 'lang="fr"' in client.get("/login", headers={"accept-language": "de"}).content.decode()


def test_a_shop_that_does_not_answer_is_not_kept_and_the_page_says_why(merchant):
    response = merchant.post("/shops/add", {"kind": "files", "name": "x", "folder": "/nowhere/at/all"})

    assert response.status_code == 422
    assert "There is no such folder" in response.content.decode()
    assert models.Shop.objects.count() == 0


def test_wrong_fields_are_named_with_an_example(merchant):
    response = merchant.post("/accounts/add/amazon", {"kind": "private", "client_id": "nonsense", "region": "MOON"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "amzn1.application-oa2-client.0123abcd" in page
    assert page.count('class="wrong"') >= 4
    assert models.Account.objects.count() == 0


@pytest.mark.parametrize(
    ("query", "words_of"),
    [
        ("", "state_missing"),
        ("?spapi_oauth_code=c", "state_missing"),
        ("?state=&spapi_oauth_code=c&selling_partner_id=S", "state_missing"),
        ("?state=invented&spapi_oauth_code=c&selling_partner_id=S", "state_unknown"),
        ("?spapi_oauth_code=c&selling_partner_id=S", "seller_unknown"),
    ],
)
def test_a_callback_without_our_state_changes_nothing(merchant, query, words_of):
    response = merchant.get(f"/amazon/callback{query}", follow=True)

    assert words.say("en", f"error.{words_of}") in response.content.decode().replace("&#x27;", "'")
    assert (models.Account.objects.count(), models.Attempt.objects.count()) == (0, 0)


def test_an_account_that_is_not_there_cannot_be_paused(merchant):
    assert merchant.post("/accounts/9/pause", {"answer": "pause"}).status_code == 404
    assert models.Journal.objects.count() == 0


def test_every_code_has_words_in_every_language():
    from forain.core.issues import CATALOGUE
    from forain.core.orders import OrderState

    for code in CATALOGUE:
        assert words.has(f"issue.{code}"), code
        assert words.has(f"cure.{code}"), code
    for state in OrderState:
        assert words.has(f"orders.{state.value}")
    for key, texts in words.table().items():
        assert all(texts), key
        gaps = [sorted(part.split("}")[0].split(":")[0] for part in text.split("{")[1:]) for text in texts]
        assert gaps[0] == gaps[1] == gaps[2], key


def test_no_french_line_begins_with_a_colon_or_ends_with_an_opening_guillemet():
    import re

    said = {key: words.say("fr", key) for key in words.table()}
    loose = [key for key, text in said.items() if re.search(r" [:;?!»]|« ", text)]

    assert loose == []
    assert "\N{NO-BREAK SPACE}:" in said["dash.meanwhile"]


def test_every_key_of_the_templates_has_words():
    import re
    from pathlib import Path

    folder = Path(__file__).resolve().parents[2] / "src/forain/web"
    used = set()
    for file in (*folder.glob("templates/web/*.html"), *folder.glob("*.py")):
        used |= set(re.findall(r'(?:{% w |{% w_with |\bw\()["\']([a-z_]+\.[a-zA-Z_]+)["\']', file.read_text()))

    assert len(used) > 80
    assert [key for key in sorted(used) if not words.has(key) and not key.endswith(("_",))] == []


def test_every_journal_code_written_anywhere_has_words():
    import re
    from pathlib import Path

    source = Path(__file__).resolve().parents[2] / "src/forain"
    codes = set()
    for file in (*source.glob("flows/*.py"), *source.glob("web/*.py"), *source.glob("engine/*.py")):
        codes |= set(re.findall(r'journal\.write\(\s*(?:deps\.clock\.now\(\)|now),\s*"([a-z_]+)"', file.read_text()))

    assert len(codes) > 15
    assert [code for code in sorted(codes) if not words.has(f"entry.{code}")] == []


def test_a_hook_with_an_unknown_name_says_nothing(client, transactional_db):
    assert client.post("/hooks/unknown", b"{}", content_type="application/json").status_code == 401


def test_words_fill_names_only():
    assert words.say("en", "phase.until", {"date": "2026"}) == "authorized until 2026"
    assert "{" not in words.say("en", "issue.order_held", {})
