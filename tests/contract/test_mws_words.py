"""Whatever the adapter of the retired MWS raises has a sentence, in every language."""

import re
from pathlib import Path

import pytest

from forain.web import words

SOURCE = Path(__file__).parents[2] / "src" / "forain"
FILES = (*(SOURCE / "marketplaces" / "amazon_mws").glob("*.py"), SOURCE / "net" / "xml_answers.py")


def codes():
    text = "\n".join(file.read_text() for file in FILES)
    return set(re.findall(r'"((?:mws_[a-z_]+|no_xml|wrong_address))"', text))


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_code_has_a_sentence_in_every_language(language):
    assert {"mws_token_refused", "mws_key_unknown", "mws_report", "no_xml"} <= codes()
    assert [code for code in codes() if words.say_error(language, code) == code] == []
