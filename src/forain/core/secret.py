"""A string that will not print, log, compare slowly or serialise."""

import hmac


class Secret:
    """Holds a credential. `reveal()` is the only way to its text; call it as late as possible.

    Pickling and JSON raise TypeError, `str` and `repr` show stars: a secret in a traceback, a log line
    or a template stays one.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError("a secret is text")
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the wire or the vault."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is never pickled")
