"""Every code has words in every language, with the cure in them."""

import json
import re
import tomllib
from pathlib import Path

from forain.shops.files import catalogue, orders
from forain.shops.files.tests.parts import draft

HERE = Path(__file__).resolve().parent.parent
WORDS = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in (HERE / "locale").glob("*.toml")}
PAGE = HERE.parents[3] / "docs" / "reference" / "files-shop.md"
SAID = re.compile(r'(?:Problem|wrong|_refused|_Bad|Unreachable)\(\s*f?"([a-z_{}]+)"')


def codes() -> set[str]:
    found = {code for file in HERE.glob("*.py") for code in SAID.findall(file.read_text(encoding="utf-8"))}
    found |= {"folder_missing", "folder_no_folder", "folder_no_links", "folder_not_writable"}
    plain = {code for code in found if "{" not in code} | {"carrier_missing", "tracking_missing"}
    for kind in ("catalogue", "shipments"):
        plain |= {code.replace("{kind}", kind) for code in found if "{kind}" in code}
    return plain


def test_the_three_languages_say_the_same_things():
    assert set(WORDS) == {"en", "fr", "de"}
    assert set(WORDS["en"]) == set(WORDS["fr"]) == set(WORDS["de"])


def test_every_code_has_words_and_every_word_a_code():
    assert codes() | {"name", "field.folder.label", "field.folder.help"} == set(WORDS["en"])


def test_no_sentence_is_empty_or_left_in_another_language():
    for key, english in WORDS["en"].items():
        assert english.strip()
        assert len({WORDS[language][key] for language in WORDS}) == 3, key


def test_the_page_names_every_code_and_its_examples_are_read_without_a_problem():
    page = PAGE.read_text(encoding="utf-8")
    example = re.search(r"```\n(sku,ean.*?)```", page, re.DOTALL).group(1)

    assert {code for code in codes() if f"`{code}`" not in page} == set()
    assert catalogue.parse(example.encode()).problems == ()


def test_the_page_shows_the_order_file_as_it_is_written():
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    shown, written = json.loads(blocks[0]), json.loads(orders.document(draft()))

    assert list(shown) == list(written)
    assert list(shown["lines"][0]) == list(written["lines"][0])
    assert list(shown["ship_to"]) == list(written["ship_to"])
