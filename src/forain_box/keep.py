"""The world on disk: a file that a killed box leaves whole, and a new one goes on from."""

import os
import random
from datetime import datetime
from pathlib import Path

import msgspec

from forain_box.clock import BoxClock
from forain_box.http import decoded
from forain_box.state import State
from forain_box.world import World, known

VERSION = 1


class Kept(msgspec.Struct):
    """`chance`: the generator's state. `now`: the box's time when it was written."""

    version: int
    kind: str
    speed: float
    now: datetime
    chance: tuple[int, tuple[int, ...], float | None]
    write_delay: tuple[float, float]
    state: State


class Unreadable(Exception):
    """The file is no state of a box, or of another version."""


def write(world: World, file: Path) -> None:
    """Write the whole world to `file`, whole or not at all."""
    version, numbers, gauss = world.chance.getstate()
    kept = Kept(
        VERSION,
        world.clock.kind,
        world.clock.speed,
        world.now(),
        (version, numbers, gauss),
        world.write_delay,
        world.state,
    )
    part = file.with_name(f"{file.name}.part")
    with part.open("wb") as out:
        out.write(msgspec.json.encode(kept))
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


def read(file: Path, clock: str) -> World:
    """The world as it was written; time goes on from there. Raises Unreadable, OSError."""
    try:
        kept: Kept = decoded(file.read_bytes(), Kept)
    except ValueError as error:
        raise Unreadable(f"{file} is no state of a box ({error})") from None
    if kept.version != VERSION:
        raise Unreadable(f"{file} was written by another version of the box ({kept.version})")
    world = World(BoxClock(clock, kept.now, kept.speed), 0, kept.write_delay, kept.state)
    unknown = [later.kind for later in kept.state.later if not known(later.kind)]
    if unknown:
        raise Unreadable(f"{file} is no state of this box (nothing here is called {unknown[0]!r})")
    world.chance = random.Random()
    try:
        world.chance.setstate(kept.chance)
    except (ValueError, OverflowError, TypeError) as error:
        raise Unreadable(f"{file} is no state of a box ({error})") from None
    return world
