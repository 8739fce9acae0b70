"""Every error an adapter may raise. The type is the contract: `core/retry.py` turns it into what happens next.

AdapterError
|- Throttled      we were too fast: again at `until`
|- Unreachable    no answer: connection, DNS, timeout
|  `- NotSent     surely not carried out
|- ServerFault    an answer that says the other side is ill (5xx, HTML where JSON belongs, cut off)
|- Busy           waiting is normal: again at `until`
|- GrantDoubted   a refusal that may mean something else; counts as one of two
|- GrantRefused   the standing permission was refused in so many words
|- WrongAccount   a grant for another seller than the one asked for
|- AppRefused     our own client id or secret was refused
|- ShopRefused    the shop refused our key
|- Denied         one operation is not allowed (role)
|- Rejected       our request, as a whole, is wrong
|- Malformed      their answer breaks the contract
`- Forged         a message that does not carry the right signature
"""

from collections.abc import Mapping
from dataclasses import dataclass

from forain.core.clock import Instant
from forain.core.plain import one_line


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one item, as the other side says it.

    `code`: theirs, or ours where they have none. `text`: their sentence, already redacted, "" when none.
    `field`: which attribute, "" when they do not say. `warning`: told, but nothing was refused for it.
    `category`: the group they put it in, "" when they name none.
    """

    code: str
    text: str = ""
    field: str = ""
    warning: bool = False
    category: str = ""


class AdapterError(Exception):
    """A failed call. `code` and `placeholders` find its words; `request_id` is the other side's, "" if none.

    Placeholders hold plain text without secrets and without buyers' data: they reach pages and journal.
    """

    code = "adapter_error"

    def __init__(
        self,
        code: str = "",
        *,
        request_id: str = "",
        placeholders: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code or type(self).code
        self.request_id = request_id
        self.placeholders = dict(placeholders or {})
        super().__init__(self.code)

    def __str__(self) -> str:
        words = " ".join(f"{name}={value}" for name, value in sorted(self.placeholders.items()))
        asked = f" request_id={self.request_id}" if self.request_id else ""
        return one_line(f"{self.code}{' ' + words if words else ''}{asked}")


class Throttled(AdapterError):
    """We were too fast, by our own arithmetic or by theirs. Again at `until`; not an attempt."""

    code = "throttled"

    def __init__(self, until: Instant, *, request_id: str = "", placeholders: Mapping[str, str] | None = None) -> None:
        super().__init__(request_id=request_id, placeholders=placeholders)
        self.until = until


class Unreachable(AdapterError):
    """Nobody answered: refused, reset, timed out, name not found. The request may have been carried out."""

    code = "unreachable"


class NotSent(Unreachable):
    """What the call needs first could not be had, an access token for instance: it was surely not carried out."""


class ServerFault(AdapterError):
    """They answered that they are ill, or answered with something that is no answer."""

    code = "server_fault"


class Busy(AdapterError):
    """Waiting is normal here (search lag, report not ready). Again at `until`; not an attempt."""

    code = "busy"

    def __init__(
        self, until: Instant, code: str = "", *, request_id: str = "", placeholders: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code, request_id=request_id, placeholders=placeholders)
        self.until = until


class GrantDoubted(AdapterError):
    """A refusal that may have other causes (403 with an empty reason). One is not enough to give up.

    `core.authorization.cause` knows the codes access_denied and wrong_region; a marketplace with finer codes names the
    one meant as the placeholder `cause`.
    """

    code = "grant_doubted"


class GrantRefused(AdapterError):
    """The permission itself was refused (`invalid_grant`). Still needs a second, independent refusal."""

    code = "grant_refused"


class WrongAccount(AdapterError):
    """A grant arrived for another seller than the account it was meant for. Nothing is stored."""

    code = "wrong_account"


class AppRefused(AdapterError):
    """Our client id or secret was refused: stops every account of this application."""

    code = "app_refused"


class ShopRefused(AdapterError):
    """The shop refused our key or token. Says nothing about any marketplace's permission."""

    code = "shop_refused"


class Denied(AdapterError):
    """This operation is not allowed to us, usually for want of a role. `operation`: its name."""

    code = "denied"

    def __init__(
        self, operation: str, role: str = "", *, request_id: str = "", placeholders: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(request_id=request_id, placeholders=placeholders)
        self.operation = operation
        self.role = role
        self.placeholders.setdefault("operation", operation)
        self.placeholders.setdefault("role", role)


class Rejected(AdapterError):
    """The whole call was refused as wrong; repeating it unchanged is pointless. `problems` is never empty."""

    code = "rejected"

    def __init__(
        self,
        problems: "tuple[Problem, ...] | list[Problem]",
        code: str = "",
        *,
        request_id: str = "",
        placeholders: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, request_id=request_id, placeholders=placeholders)
        self.problems = tuple(problems)
        if self.problems:
            self.placeholders.setdefault("problem", self.problems[0].text or self.problems[0].code)


class Malformed(AdapterError):
    """Their answer breaks the contract at `field`. Never a default instead.

    `sample`: the shape of the answer without any of its values, for whoever mends the adapter; "" when none is kept.
    """

    code = "malformed"

    def __init__(
        self, field: str, *, request_id: str = "", placeholders: Mapping[str, str] | None = None, sample: str = ""
    ) -> None:
        super().__init__(request_id=request_id, placeholders=placeholders)
        self.field = field
        self.sample = sample
        self.placeholders.setdefault("field", field)


class Forged(AdapterError):
    """A message without the right signature. Nothing in it is believed."""

    code = "forged"
