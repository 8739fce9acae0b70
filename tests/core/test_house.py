"""Honest answers: where something is not so, the answer says no, or who must know."""

from dataclasses import replace

import pytest

from forain.core.house import CODES, House, answer

GOOD = House(
    roles={"owner": 1, "operator": 2, "accountant": 0, "reader": 0}, factors=3, reviewed=True, url="https://x.example",
    reach="https", shops=("Le Marché",), alarms=True, kept_days=30, unsent_days=120, journal_months=18, idle_hours=12,
    session_days=14, review_days=90,
)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "changed", "words", "standing"),
    [
        ("factor", {}, "factor", "yes"), ("factor", {"factors": 2}, "factor", "partly"),
        ("review", {}, "review", "yes"), ("review", {"reviewed": False}, "review", "partly"),
        ("network", {}, "network_https", "yes"), ("network", {"reach": "loopback"}, "network_loopback", "yes"),
        ("network", {"reach": "http"}, "network_http", "no"), ("tls", {"reach": "http"}, "tls_http", "no"),
        ("database", {}, "database_private", "yes"), ("database", {"database": "local"}, "database_local", "partly"),
        ("database", {"database": "tls", "database_host": "db"}, "database_tls", "partly"),
        ("database", {"database": "plain", "database_host": "db"}, "database_plain", "no"),
        ("shops", {"shops": ()}, "shops_none", "yes"), ("folder", {"folders": ("Dossier",)}, "folder", "no"),
        ("plain_shop", {"plain_shops": ("Vieux",)}, "plain_shop", "no"),
        ("alarms", {}, "alarms", "partly"), ("alarms", {"alarms": False}, "alarms_none", "no"),
        ("network", {"reach": "named", "hosts": ("s.example",)}, "network_named", "you"),
        ("tls", {"reach": "named", "hosts": ("s.example",)}, "tls_named", "you"),
        ("at_rest", {}, "at_rest", "yes"), ("at_rest", {"keys_in_file": False}, "at_rest_environment", "partly"),
        ("use", {}, "use", "you"), ("sources", {}, "sources", "partly"), ("testing", {}, "testing", "partly"),
        ("backups", {}, "backups", "no"), ("passwords", {}, "passwords", "partly"), ("firewall", {}, "firewall", "you"),
    ],
)  # fmt: skip
def test_an_answer_follows_the_facts(code, changed, words, standing):
    told = answer(code, replace(GOOD, **changed))

    assert told is not None
    assert (told.words, told.standing) == (words, standing)


def test_what_is_not_there_is_not_spoken_of():
    assert answer("folder", GOOD) is None
    assert answer("plain_shop", GOOD) is None


def test_people_are_counted_by_their_roles():
    told = answer("people", GOOD)

    assert told is not None
    assert told.values == {"count": "3", "owner": "1", "operator": "2", "accountant": "0", "reader": "0"}


def test_every_code_answers_in_every_kind_of_house():
    houses = [GOOD, replace(GOOD, reach="http", database="plain", alarms=False, factors=0, reviewed=False, shops=())]

    for code in CODES:
        for house in houses:
            answer(code, house)
    with pytest.raises(KeyError):
        answer("nonsense", GOOD)
