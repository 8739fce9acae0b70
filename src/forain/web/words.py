"""Words by code, in the reader's language: one table for pages, codes, mails and command line."""

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from forain import plugins

LANGUAGES = plugins.LANGUAGES


class _Gaps(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return ""


class _Plain(string.Formatter):
    """Fills names only: no attributes, no indexes, so that a placeholder can reach nothing."""

    def get_field(self, field_name: str, args: object, kwargs: Mapping[str, object]) -> tuple[object, str]:
        return kwargs.get(field_name, ""), field_name


@cache
def table() -> Mapping[str, tuple[str, str, str]]:
    """Key ("section.name") -> words in English, French, German."""
    told = tomllib.loads(files("forain.web").joinpath("words.toml").read_text(encoding="utf-8"))
    return {f"{section}.{name}": tuple(texts) for section, rows in told.items() for name, texts in rows.items()}  # type: ignore[misc]


def has(key: str) -> bool:
    return key in table()


def say(language: str, key: str, values: Mapping[str, object] | None = None) -> str:
    """The words of `key`, filled. An unknown key is shown as it is: better a code than nothing."""
    texts = table().get(key)
    if texts is None:
        return key.rsplit(".", 1)[-1]
    text = texts[LANGUAGES.index(language)] if language in LANGUAGES else texts[0]
    return _Plain().vformat(text, (), _Gaps(values or {}))


def say_error(language: str, code: str, values: Mapping[str, object] | None = None) -> str:
    """An error's sentence: ours, else the adapter's own, else the code."""
    if has(f"error.{code}"):
        return say(language, f"error.{code}", values)
    found = plugins.all_words(language).get(code)
    return _Plain().vformat(found, (), _Gaps(values or {})) if found else code
