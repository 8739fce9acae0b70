"""One story on real sockets: trade goes on while a killer is about; then the misfortunes stop and everything must come right."""

import json
import os
import random
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from forain.cli.house import free_port
from forain.config import postgres

from . import plan, system
from .amazon import Amazon
from .merchant import Merchant
from .patience import REST_SECONDS, ROUND_SECONDS, ROUND_STEP, Failed, in_rounds
from .people import SKUS, People
from .system import Service, SmallDisk
from .wires import Wire

HOUSE_MEGABYTES, SHOP_MEGABYTES = 400, 8
EVENT_SECONDS = 0.25
TICK_SECONDS = 0.05
CLOCK_SECONDS, CLOCK_STEP = 1.0, (5.0, 25.0)
"""Each second (but while a wire is held up) the clock goes on by so much: no more than a worker may be kept waiting."""
UP_SECONDS = 90.0
"""So long, of real time, a process may take to come up, and the first order to come into the shop."""
SECONDS_A_KILL = 12.0
"""However slow the machine is: after so many seconds for each kill planned there are no more."""
CUTS_WITH_ONE = 5
"""Of so many planned at least one meets a connection."""
KILLS_WITH_PARCELS = 10
"""While so many are killed the merchant sends something; in a shorter story there may be nothing to send yet."""


@dataclass
class Told:
    """How a story went. `asked`: so many kills. `planned`, `befell`: troubles by kind and place; `pressed`: what the merchant did
    on the pages. `disks`: they could be made small here, and be filled. `found`: (what must hold, what is not so)."""

    seed: int
    asked: int
    kills: dict[str, int] = field(default_factory=dict)
    planned: Counter[str] = field(default_factory=Counter)
    befell: Counter[str] = field(default_factory=Counter)
    pressed: Counter[str] = field(default_factory=Counter)
    cuts: int = 0
    orders: int = 0
    parcels: int = 0
    disks: bool = False
    ended_by_itself: int = 0
    seconds: float = 0.0
    settled_after: float = 0.0
    settled_rounds: int = 0
    found: list[tuple[str, str]] = field(default_factory=list)

    @property
    def wrong(self) -> list[tuple[str, str]]:
        """What was found, and what the story lacks; empty: all held, and that says something."""
        return [*self.found, *self._lacks()]

    def _lacks(self) -> Iterator[tuple[str, str]]:
        done = sum(self.kills.values())
        if done < self.asked:
            yield "all_kills_are_done", f"{done} of {self.asked} in {SECONDS_A_KILL * self.asked:.0f} s"
        if not self.orders:
            yield "there_is_trade", "no order came into the shop"
        if self.asked >= KILLS_WITH_PARCELS and not self.parcels:
            yield "there_is_trade", "no parcel was sent"
        for trouble in sorted(self.planned):
            if self.befell[trouble] < self.planned[trouble]:
                yield "there_is_misfortune", f"{trouble}: {self.befell[trouble]} of {self.planned[trouble]}"
        cuts = sum(count for trouble, count in self.planned.items() if trouble.startswith(("cut", "half close")))
        if cuts >= CUTS_WITH_ONE and not self.cuts:
            yield "there_is_misfortune", f"{cuts} cuts, and none met a connection"

    def line(self) -> str:
        killed = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        befell, pressed = (
            ", ".join(f"{name} {count}" for name, count in sorted(told.items())) or "none"
            for told in (self.befell, self.pressed)
        )
        found = "; ".join(f"{name}: {what}" for name, what in self.wrong[:6]) or "nothing"
        return (
            f"seed {self.seed} | kills {sum(self.kills.values())} ({killed}) | troubles {befell}; connections cut {self.cuts}"
            f"{'' if self.disks else '; no disk was filled: mounting is not allowed here'} | on the pages {pressed} | "
            f"ended by themselves {self.ended_by_itself} | orders {self.orders}, parcels {self.parcels} | {self.seconds:.0f} s, "
            f"settled after {self.settled_after:.0f} s, {self.settled_rounds} rounds | "
            f"found {found}"
        )


class Story:
    """The processes, the ways between them, the people, and the misfortunes."""

    def __init__(self, folder: Path, seed: int, number: int, say: Callable[[str], None]) -> None:
        self.folder, self.seed, self.number, self.say = folder, seed, number, say
        self.begun = time.monotonic()
        self.told = Told(seed, number)
        self.fate = random.Random(f"{seed}:events")
        self.home = folder / "home"
        self.disks: dict[str, SmallDisk] = {}
        self.told.disks = system.own_mounts()
        if self.told.disks:
            self.disks["house"] = SmallDisk(self.home, HOUSE_MEGABYTES)
            self.disks["shop"] = SmallDisk(folder / "shop", SHOP_MEGABYTES)
        self.home.mkdir(mode=0o755, exist_ok=True)
        self.amazon = Amazon(folder, seed)
        self.merchant = Merchant(folder / "shop", SKUS, self.amazon.now)
        chance = random.Random(f"{seed}:wires")
        self.wires = {
            "amazon": Wire(lambda: socket.create_connection(("127.0.0.1", self.amazon.port), 5), chance),
            "database": Wire(self._to_database, chance),
        }
        self.web_port = free_port()
        self.services = {name: self._service(name) for name in ("web", "worker-a", "worker-b")}
        self.people = People(self.amazon, self.merchant, f"http://127.0.0.1:{self.web_port}", self.fate)
        self.full: set[str] = set()
        self.rounds, self.rest_by = 0, 0.0

    # -- the processes

    def _service(self, name: str) -> Service:
        """Web and worker A have the private PostgreSQL and keep it; worker B is given an address of it."""
        arguments = ["web", "--port", str(self.web_port)] if name == "web" else ["worker"]
        more = {"FORAIN_HOME": str(self.home), "FORAIN_CLOCK_FILE": str(self.amazon.clock_file)}
        command = [sys.executable, "-m", "forain.cli", *arguments]
        return Service(name, command, system.environment(**more), self.folder / f"{name}.log")

    @property
    def _layout(self) -> Any:
        return postgres._layout(self.home)

    def _to_database(self) -> socket.socket:
        far = socket.socket(socket.AF_UNIX)
        far.settimeout(5)
        far.connect(str(self._layout.sockets / ".s.PGSQL.5432"))
        far.settimeout(None)
        return far

    @contextmanager
    def running(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.full.clear()
            for disk in self.disks.values():
                disk.free()
            for wire in self.wires.values():
                wire.heal()
            # Workers first: whoever holds the database stops it, and the last one is let finish.
            for name in ("worker-b", "worker-a", "web"):
                self.services[name].stop()
            self.amazon.service.stop()
            for wire in self.wires.values():
                wire.stop()
            self._nothing_left()
            for disk in self.disks.values():
                disk.take_away()

    def _nothing_left(self) -> None:
        end = time.monotonic() + 60
        while (server := system.postmaster(self._layout.data)) is not None:
            if time.monotonic() > end:
                self.told.found.append(("nothing_is_left_running", f"PostgreSQL {server}"))
                return
            time.sleep(0.1)

    def until(self, what: str, seen: Callable[[], Any]) -> Any:
        """Wait until `seen()` is true, tending the processes. Raises Failed."""
        end = time.monotonic() + UP_SECONDS
        while True:
            found = seen()
            if found:
                return found
            if time.monotonic() > end:
                raise Failed(what)
            self.tend()
            time.sleep(TICK_SECONDS)

    def tend(self) -> None:
        for service in (*self.services.values(), self.amazon.service):
            service.tend()
        for wire in self.wires.values():
            wire.tend()
        for name in self.full:
            self.disks[name].fill()

    def healthy(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.web_port}/healthz", timeout=5) as answer:
                return bool(json.loads(answer.read()) == {"database": "ok", "worker": "ok"})
        except OSError:
            return False

    # -- the beginning

    def begin(self) -> None:
        """Everything up, connected, and in step for the first time."""
        self.amazon.service.start()
        self.until("the box", lambda: self.amazon.call("GET", "clock"))
        for name in ("web", "worker-a"):
            self.services[name].start()
        self.until("the pages", self.healthy)
        self._open_database()
        worker = self.services["worker-b"]
        worker._environment = {**worker._environment, "DATABASE_URL": self._through_the_wire()}
        worker.start()
        from forain.store import instance

        self.people.connect(instance.new_first_link(), self.wires["amazon"].port)
        self.until("worker B", lambda: "is up" in worker.said())
        for sku in list(SKUS)[1:]:
            self.people.buy([{"sku": sku, "quantity": 1}], 0)
        self._in_rounds("the first order in the shop", self.merchant.to_ship, time.monotonic() + UP_SECONDS)

    def _in_rounds(self, what: str, seen: Callable[[], Any], by: float) -> Any:
        return in_rounds(what, self._round, seen, by)

    def _round(self) -> None:
        """The merchant's work, a little time, and what the workers have to do in it."""
        from .at_rest import under_way

        self.rounds += 1
        self.merchant.work()
        self.amazon.advance(ROUND_STEP)
        now, end = self.amazon.now(), time.monotonic() + ROUND_SECONDS
        while True:
            self.tend()
            time.sleep(TICK_SECONDS)
            if time.monotonic() > end or not under_way(now):
                return

    def _through_the_wire(self) -> str:
        told = urlsplit(self._layout.url("forain"))
        return f"postgresql://forain:{told.password}@127.0.0.1:{self.wires['database'].port}/forain?sslmode=disable"

    def _open_database(self) -> None:
        """Django in this process, for what only the database tells."""
        os.environ |= {"FORAIN_HOME": str(self.home), "DATABASE_URL": self._layout.url("forain")}
        os.environ |= {"DJANGO_SETTINGS_MODULE": "forain.config.settings"}
        os.environ |= {"FORAIN_CLOCK_FILE": str(self.amazon.clock_file)}
        import django

        django.setup()

    # -- the misfortunes

    def misfortunes(self) -> None:
        """All of the plan, while trade goes on."""
        todo = plan.kills(self.seed, self.number)
        troubles = plan.troubles(self.seed, self.number, tuple(self.disks))
        self.told.planned = Counter(f"{one.kind} {one.where}" for one in troubles)
        merchant = self.people
        acts = [(1 / 3, merchant.renew), (1 / 2, merchant.pause), (2 / 3, merchant.renew), (5 / 6, merchant.forbid)]
        last = self.begun_killing = time.monotonic()
        end = last + SECONDS_A_KILL * self.number
        next_event = next_clock = next_work = last
        ends: list[tuple[float, str]] = []
        done = 0
        while done < len(todo) and time.monotonic() < end:
            self.tend()
            now = time.monotonic()
            while troubles and troubles[0].before_kill <= done:
                self._befalls(troubles.pop(0), ends)
            for at, name in [one for one in ends if one[0] <= now]:
                ends.remove((at, name))
                self.full.discard(name)
                self.disks[name].free()
            while acts and acts[0][0] * self.number <= done:
                acts.pop(0)[1]()
            kill = todo[done]
            if now - last >= kill.after and self._kill(kill):
                done, last = done + 1, now
            # The merchant's own system waits while its disk is full.
            if now >= next_event and "shop" not in self.full:
                self.people.event()
                next_event = now + EVENT_SECONDS
            if now >= next_work and "shop" not in self.full:
                self.merchant.work()
                next_work = now + 0.3
            if now >= next_clock and not any(wire.stalled for wire in self.wires.values()):
                self.amazon.advance(self.fate.uniform(*CLOCK_STEP))
                next_clock = now + CLOCK_SECONDS
            time.sleep(TICK_SECONDS)

    def _kill(self, kill: plan.Kill) -> bool:
        """False: there is nobody to kill now; it is tried again."""
        if kill.victim in self.services:
            service = self.services[kill.victim]
            if not service.alive:
                return False
            service.kill(kill.up_in)
        else:
            server = system.postmaster(self._layout.data)
            if server is None:
                return False
            victims = [server] if kill.victim == "postmaster" else system.backends(server)
            if not victims:
                return False
            try:
                os.kill(self.fate.choice(victims), 9)
            except ProcessLookupError:
                return False
        self.told.kills[kill.victim] = self.told.kills.get(kill.victim, 0) + 1
        self.say(f"kills {kill.victim}")
        return True

    def _befalls(self, trouble: plan.Trouble, ends: list[tuple[float, str]]) -> None:
        self.say(f"{trouble.kind} {trouble.where} {trouble.seconds}")
        told = self.told
        told.befell[f"{trouble.kind} {trouble.where}"] += 1
        if trouble.kind == "fill":
            self.full.add(trouble.where)
            self.disks[trouble.where].fill()
            ends.append((time.monotonic() + trouble.seconds, trouble.where))
        elif trouble.kind == "restart":
            self.amazon.service.stop()
            self.amazon.service.start()
        elif trouble.kind == "stall":
            self.wires[trouble.where].stall(trouble.seconds)
        elif trouble.kind == "half close":
            told.cuts += self.wires[trouble.where].half_close()
        else:
            told.cuts += self.wires[trouble.where].cut(everything=trouble.kind == "cut all")

    # -- the rest

    def rest(self) -> None:
        """No more misfortunes: everything is up, and comes right within a bound."""
        begun, before = time.monotonic(), self.rounds
        self.rest_by = begun + REST_SECONDS
        self.full.clear()
        for disk in self.disks.values():
            disk.free()
        for wire in self.wires.values():
            wire.heal()
        self.until("everything up again", lambda: all(s.alive for s in self.services.values()) and self.healthy())
        try:
            self.until("what the merchant does on the pages", lambda: not self.people.busy)
        except Failed as late:
            raise Failed(f"{late}; {self.people.last}") from late
        from .at_rest import AtRest

        asked = AtRest(self)
        self._settle("not settled", asked.unsettled)
        self.told.settled_after, self.told.settled_rounds = time.monotonic() - begun, self.rounds - before
        # The first one lived through whatever came last; the other one was started anew for it.
        for name in sorted(("worker-a", "worker-b"), reverse=bool(self.seed % 2)):
            self._works_alone(name)
        self._settle("not settled after each worker worked alone", asked.unsettled)
        self._settle("at the end", asked.wrong_at_the_end)

    def count(self) -> None:
        """What came of it, for the closing line."""
        self.told.orders = len(self.merchant.charges())
        self.told.parcels = sum(len(parcels) for parcels in self.merchant.parcels.values())
        self.told.pressed = self.people.pressed
        self.told.ended_by_itself = sum(service.ended_by_itself for service in self.services.values())

    def _settle(self, what: str, wrong: Callable[[], list[tuple[str, str]]]) -> None:
        """Time goes on until nothing is wrong any more. Raises Failed with what is."""
        waiting: list[tuple[str, str]] = []

        def right() -> bool:
            waiting[:] = wrong()
            return not waiting

        try:
            self._in_rounds(what, right, self.rest_by)
        except Failed:
            self.told.found += waiting
            raise

    def _works_alone(self, name: str) -> None:
        """The other worker is stopped in order, and this one does all the work."""
        other = self.services["worker-b" if name == "worker-a" else "worker-a"]
        code = other.stop()
        if code != 0:
            self.told.found.append(("a_worker_stops_in_order", f"{other.name} ended with {code}"))
        self.merchant.count("SKU3", 20)
        order: list[str] = []

        def arrived() -> bool:
            if not order:
                order.extend(self.people.buy([{"sku": "SKU3", "quantity": 1}], 0))
            return bool(order) and len(self.merchant.of(order[0])) == 1

        try:
            self._in_rounds(f"{name} alone", arrived, self.rest_by)
        except Failed:
            self.told.found.append(("each_worker_works_alone", f"{name} does nothing"))
            raise
        finally:
            other.start()


def tell(folder: Path, seed: int, number: int, say: Callable[[str], None]) -> Told:
    """The whole story in `folder`, which others may enter; bounded, and nothing of it is left running."""
    story = Story(folder, seed, number, say)
    with story.running():
        try:
            story.begin()
            story.misfortunes()
            story.rest()
        except (Failed, ConnectionError) as failed:
            story.told.found.append(("comes_right_in_time", str(failed)))
        finally:
            story.count()
            if "django" in sys.modules:
                from django.db import connections

                connections.close_all()
    story.told.seconds = time.monotonic() - story.begun
    return story.told
