"""What will befall, drawn from the seed before anything begins. The same seed gives the same plan, not the same story:
how far each process has come when it is hit, the machine decides."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

VICTIMS: Mapping[str, float] = {"web": 2, "worker-a": 5, "worker-b": 5, "postmaster": 3, "backend": 3}
"""Name -> how often, in proportion."""
WIRE_TROUBLES = ("cut", "cut all", "stall", "half close")
LAST = ("backend", "postmaster")
"""The last ones hit the database: what it did to processes that lived on would be hidden by their own restart."""


@dataclass(frozen=True)
class Kill:
    """`after`: seconds since the kill before; `up_in`: seconds until it is started again."""

    victim: str
    after: float
    up_in: float


@dataclass(frozen=True)
class Trouble:
    """Trouble with a wire ("amazon", "database"), or a disk that is filled ("house", "shop"), or the box restarted.

    `before_kill`: it happens when so many were killed; `seconds`: how long it lasts.
    """

    kind: str
    where: str
    before_kill: int
    seconds: float


def kills(seed: int, number: int) -> list[Kill]:
    """`number` kills. Each victim is among the first ones, so that a short run has them all."""
    chance = random.Random(f"{seed}:killer")
    first = list(VICTIMS)
    chance.shuffle(first)
    drawn = chance.choices(list(VICTIMS), list(VICTIMS.values()), k=max(number - len(first) - len(LAST), 0))
    victims = [*first, *drawn, *LAST][:number]
    return [Kill(v, round(chance.uniform(0.4, 3.0), 2), round(chance.uniform(0.1, 1.5), 2)) for v in victims]


def troubles(seed: int, number: int, disks: tuple[str, ...]) -> list[Trouble]:
    """In order of their time: about one with a wire for each kill, a full disk for each ten, a box restart for each 15."""
    chance = random.Random(f"{seed}:troubles")
    found = []
    for _ in range(number):
        kind = chance.choices(WIRE_TROUBLES, (5, 2, 3, 2))[0]
        seconds = round(chance.uniform(0.5, 4.0), 2)
        found.append(Trouble(kind, chance.choice(("amazon", "amazon", "database")), chance.randrange(number), seconds))
    for n in range(max(number // 10, 2)):
        seconds = round(chance.uniform(1.5, 4.0), 2)
        # The first two fill one disk each, so that a short run has both.
        where = ("house", "shop")[n] if n < 2 else chance.choice(("house", "house", "shop"))
        if where in disks:
            found.append(Trouble("fill", where, chance.randrange(1, max(number - 1, 2)), seconds))
    for _ in range(max(number // 15, 1)):
        found.append(Trouble("restart", "box", chance.randrange(1, max(number - 1, 2)), 0.0))
    return sorted(found, key=lambda told: told.before_kill)
