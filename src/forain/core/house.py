"""What this installation is like, for whoever is asked about its security: facts in, honest answers out, as codes.

An answer that flatters costs the merchant the application when somebody looks. So each says where it stands: yes, partly, no,
or something that only the merchant knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Standing = Literal["yes", "partly", "no", "you"]
"""`you`: Forain cannot know; the merchant must."""


@dataclass(frozen=True, slots=True)
class House:
    """Facts of one installation. `roles`: how many active people have which role; `factors`: how many of them a second
    factor; `reviewed`: somebody looked within the quarter who still needs access. `url`: where browsers reach the pages;
    `reach`: "loopback" this machine only, "https" behind TLS, "http" in plain, "named" they answer to other names (`hosts`) and
    nobody said by which address. `database`: "private" Forain's own server
    without a port, "local" another one on this machine, "tls" and "plain" one on `database_host`, with encryption insisted on or
    not. `shops`: their names; `plain_shops`: those reached by plain http over a network; `folders`: those that are a folder of plain
    files. `retired`: accounts connected by an interface that its marketplace has ended. `keys_in_file`: the vault's keys lie in a
    file of their own; False: they come from the environment. `alarms`: ways by which people are told of trouble, at least one. The rest: days, months and hours as they are set."""

    roles: Mapping[str, int]
    factors: int
    reviewed: bool
    url: str
    reach: Literal["loopback", "https", "http", "named"]
    hosts: tuple[str, ...] = ()
    database: Literal["private", "local", "tls", "plain"] = "private"
    database_host: str = ""
    shops: tuple[str, ...] = ()
    plain_shops: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    keys_in_file: bool = True
    alarms: bool = False
    kept_days: int = 0
    unsent_days: int = 0
    journal_months: int = 0
    idle_hours: int = 0
    session_days: int = 0
    review_days: int = 0

    @property
    def count(self) -> int:
        """How many people may come in."""
        return sum(self.roles.values())


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `words`: the key of its sentence; what is still to be done has one of its own where the standing is
    not "yes"; `values` fill both."""

    words: str
    standing: Standing
    values: Mapping[str, str] = field(default_factory=dict)


def answer(code: str, house: House) -> Answer | None:
    """The answer of that code; None where it has nothing to say here (no folder shop, say). KeyError: no such code."""
    return _ANSWERS[code](house)


def _fixed(words: str, standing: Standing = "yes") -> Callable[[House], Answer]:
    return lambda house: Answer(words, standing)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _shops(house: House) -> Answer:
    return Answer("shops", "yes", {"shops": _names(house.shops)}) if house.shops else Answer("shops_none", "yes")


def _sources(house: House) -> Answer:
    return Answer("sources", "partly", {"retired": _names(house.retired)})


_REACH: Mapping[str, Standing] = {"http": "no", "named": "you"}


def _network(house: House) -> Answer:
    told = {"url": house.url, "hosts": _names(house.hosts)}
    return Answer(f"network_{house.reach}", _REACH.get(house.reach, "yes"), told)


def _database(house: House) -> Answer:
    standing: Standing = {"private": "yes", "plain": "no"}.get(house.database, "partly")  # type: ignore[assignment]
    return Answer(f"database_{house.database}", standing, {"host": house.database_host})


def _people(house: House) -> Answer:
    return Answer("people", "yes", {"count": str(house.count), **{role: str(n) for role, n in house.roles.items()}})


def _factor(house: House) -> Answer:
    told = {"count": str(house.count), "factors": str(house.factors)}
    return Answer("factor", "yes" if house.factors >= house.count else "partly", told)


def _review(house: House) -> Answer:
    return Answer("review", "yes" if house.reviewed else "partly", {"days": str(house.review_days)})


def _retention(house: House) -> Answer:
    told = {"days": str(house.kept_days), "unsent": str(house.unsent_days), "months": str(house.journal_months)}
    return Answer("retention", "partly", told)


def _at_rest(house: House) -> Answer:
    return Answer("at_rest", "yes") if house.keys_in_file else Answer("at_rest_environment", "partly")


def _folder(house: House) -> Answer | None:
    return Answer("folder", "no", {"shops": _names(house.folders)}) if house.folders else None


def _tls(house: House) -> Answer:
    told = {"url": house.url, "hosts": _names(house.hosts)}
    return Answer(f"tls_{house.reach}", _REACH.get(house.reach, "yes"), told)


def _plain_shop(house: House) -> Answer | None:
    return Answer("plain_shop", "no", {"shops": _names(house.plain_shops)}) if house.plain_shops else None


def _logs(house: House) -> Answer:
    return Answer("logs", "partly", {"months": str(house.journal_months)})


def _alarms(house: House) -> Answer:
    return Answer("alarms", "partly") if house.alarms else Answer("alarms_none", "no")


def _sessions(house: House) -> Answer:
    return Answer("sessions", "yes", {"hours": str(house.idle_hours), "days": str(house.session_days)})


_ANSWERS: Mapping[str, Callable[[House], Answer | None]] = {
    "use": _fixed("use", "you"),
    "shops": _shops,
    "others": _fixed("others", "you"),
    "sources": _sources,
    "network": _network,
    "database": _database,
    "firewall": _fixed("firewall", "you"),
    "people": _people,
    "factor": _factor,
    "review": _review,
    "pages": _fixed("pages"),
    "devices": _fixed("devices", "you"),
    "retention": _retention,
    "policy": _fixed("policy", "you"),
    "at_rest": _at_rest,
    "folder": _folder,
    "transit": _fixed("transit"),
    "tls": _tls,
    "plain_shop": _plain_shop,
    "backups": _fixed("backups", "no"),
    "logs": _logs,
    "alarms": _alarms,
    "incidents": _fixed("incidents", "you"),
    "passwords": _fixed("passwords", "partly"),
    "sessions": _sessions,
    "credentials": _fixed("credentials"),
    "testing": _fixed("testing", "partly"),
    "vulnerabilities": _fixed("vulnerabilities", "you"),
}
CODES = frozenset(_ANSWERS)
"""Every code there is. Words of each stand in the pages' texts."""
