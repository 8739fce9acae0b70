"""Whatever the Amazon adapter raises has a sentence, in every language, for the person who has to do something."""

import re
from pathlib import Path

import pytest

from forain.web import words

FOLDER = Path(__file__).parents[2] / "src" / "forain" / "marketplaces" / "amazon"
RAISED = re.compile(
    r'(?:AppRefused|GrantDoubted|GrantRefused|ServerFault)\(\s*"([a-z_]+)"|Rejected\([^"]*?(?:Problem\("[a-z_]+"\)\])?, "([a-z_]+)"'
)
OF_TYPES = {"throttled", "unreachable", "server_fault", "denied", "rejected", "malformed", "access_denied"}


def codes():
    text = "\n".join(file.read_text() for file in FOLDER.glob("*.py"))
    found = {one or other for one, other in RAISED.findall(text)}
    return found | OF_TYPES | {"invalid_grant_code", "invalid_grant_refresh"}


def test_the_search_for_codes_finds_them():
    known = {"secret_expired", "wrong_region", "wrong_address", "not_found", "login_refused", "consent_without_code"}

    assert known <= codes()


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("code", sorted(codes()))
def test_every_code_has_a_sentence(code, language):
    sentence = words.say_error(language, code, {"problem": "p", "operation": "o", "role": "r", "field": "f"})

    assert sentence != code
    assert "{" not in sentence
