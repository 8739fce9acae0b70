"""The short story under the killer; `./forain simulate --processes --kills 200` is the long one."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.parts import require_part

from . import patience, plan, run, system
from .story import Told

ROOT = Path(__file__).resolve().parents[2]
KILLS, SEED = 15, 1
DISK = """
import errno, sys
from pathlib import Path
from tests.processes import system
if not system.own_mounts():
    sys.exit(3)
disk = system.SmallDisk(Path(sys.argv[1]), 4)
disk.fill()
try:
    (disk.place / "more").write_bytes(b"x" * 8192)
except OSError as error:
    assert error.errno == errno.ENOSPC
else:
    sys.exit("it took more than it has room for")
disk.free()
(disk.place / "more").write_bytes(b"x" * 8192)
"""


def simulate(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "forain.cli", "simulate", "--processes", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        preexec_fn=system.die_with_parent,
    )  # fmt: skip


def of_simulation(number: int) -> list[bytes]:
    """The command lines of what the simulation `number` started and of what that started: they carry its folder's name."""
    mark = f"forain-processes-{number}-".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if mark in told + environment:
            found.append(told)
    return found


@pytest.mark.timeout(600)
def test_nothing_is_lost_and_nothing_doubled_when_processes_are_killed():
    process = simulate("--kills", str(KILLS), "--seed", str(SEED))
    told, _ = process.communicate(timeout=580)

    print(told)
    assert process.returncode in (0, run.WITHOUT_DISKS), told
    assert f"| kills {KILLS} (" in told
    assert "on the pages no 1, pause 1, renewals 2, resume 1, yes 1" in told
    assert of_simulation(process.pid) == []
    assert list(Path(tempfile.gettempdir()).glob(f"forain-processes-{process.pid}-*")) == []
    require_part(
        "a small disk", process.returncode == 0, "the kills held; filling a disk takes root and the right to mount"
    )
    assert "fill house 1" in told
    assert "fill shop 1" in told


def test_a_simulation_that_is_killed_leaves_nothing_running():
    require_part("Linux", sys.platform == "linux", "only there processes die with their parent")
    process = simulate("--kills", "50", "--seed", str(SEED), "--trace")
    assert process.stdout is not None
    assert process.stdout.readline().endswith("begins\n")
    end = time.monotonic() + 60
    while not any(b"bin/postgres" in told for told in of_simulation(process.pid)):
        assert time.monotonic() < end
        time.sleep(0.1)

    process.send_signal(signal.SIGKILL)
    process.wait(20)

    end = time.monotonic() + 60
    while of_simulation(process.pid):
        assert time.monotonic() < end
        time.sleep(0.1)
    for folder in Path(tempfile.gettempdir()).glob(f"forain-processes-{process.pid}-*"):
        shutil.rmtree(folder)


def test_the_small_disk_is_full_to_the_brim_and_has_room_again(tmp_path):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", DISK, str(tmp_path / "disk")], env=environment, timeout=60)

    require_part("a small disk", done.returncode != 3, "it takes root and the right to mount")
    assert done.returncode == 0
    assert list((tmp_path / "disk").iterdir()) == []


def test_the_same_seed_plans_the_same_misfortunes():
    disks = ("house", "shop")

    assert plan.kills(7, 30) == plan.kills(7, 30) != plan.kills(8, 30)
    assert plan.troubles(7, 30, disks) == plan.troubles(7, 30, disks) != plan.troubles(8, 30, disks)
    assert {kill.victim for kill in plan.kills(7, KILLS)} == set(plan.VICTIMS)
    filled = [trouble.where for trouble in plan.troubles(7, KILLS, disks) if trouble.kind == "fill"]
    assert sorted(filled) == sorted(disks)
    assert len(plan.kills(7, 3)) == 3


BEFELL, CUT = Counter({"fill house": 1, "fill shop": 1}), Counter({"cut amazon": 3, "half close database": 2})


def story(asked, kills, **told):
    return Told(1, asked, kills, **{"planned": BEFELL, "befell": BEFELL, "disks": True, **told})


@pytest.mark.parametrize(
    ("told", "code", "words"),
    [
        (story(15, {"web": 5, "backend": 10}, orders=9, parcels=4), 0, "found nothing"),
        (story(3, {"web": 3}, orders=4), 0, "found nothing"),
        (story(15, {"web": 15}, orders=9, parcels=4, disks=False), 3, "no disk was filled: mounting is not allowed here"),
        (story(15, {"web": 5, "backend": 9}, orders=9, parcels=4), 1, "all_kills_are_done: 14 of 15"),
        (story(15, {"web": 15}), 1, "there_is_trade: no order came into the shop; there_is_trade: no parcel was sent"),
        (story(15, {"web": 15}, orders=9), 1, "there_is_trade: no parcel was sent"),
        (story(3, {"web": 3}, orders=4, found=[("what", "it broke")]), 1, "what: it broke"),
        (story(3, {"web": 3}, orders=4, befell=Counter({"fill house": 1})), 1, "there_is_misfortune: fill shop: 0 of 1"),
        (story(3, {"web": 3}, orders=4, befell=BEFELL, planned=BEFELL + Counter({"stall amazon": 1})), 1, "stall amazon: 0 of 1"),
        (story(3, {"web": 3}, orders=4, befell=CUT, planned=CUT), 1, "there_is_misfortune: 5 cuts, and none met a connection"),
    ],
)  # fmt: skip
def test_a_story_in_which_too_little_happened_did_not_hold(told, code, words, capsys):
    assert run.closing(told) == code

    said = capsys.readouterr().out
    assert words in said
    assert ("--kills 15" in said) == (code == 1 and told.asked == 15)


class Machine:
    """One on which each round takes so many seconds."""

    def __init__(self, seconds_a_round: float) -> None:
        self.seconds, self.rounds, self._takes = 0.0, 0, seconds_a_round

    def round(self) -> None:
        self.seconds, self.rounds = self.seconds + self._takes, self.rounds + 1

    def wait(self, rounds: float) -> bool:
        """For what comes right after so many rounds."""
        seen = lambda: self.rounds >= rounds  # noqa: E731
        return bool(patience.in_rounds("it", self.round, seen, patience.REST_SECONDS, lambda: self.seconds))


@pytest.mark.parametrize("seconds_a_round", [0.1, 0.7])
def test_what_comes_right_in_time_of_the_clock_does_so_on_a_slow_machine_too(seconds_a_round):
    assert Machine(seconds_a_round).wait(patience.ROUNDS)


@pytest.mark.parametrize(("seconds_a_round", "words"), [(0.1, "400 rounds, 40 s"), (3.0, "101 rounds, 303 s")])
def test_what_never_comes_right_is_waited_for_within_a_bound(seconds_a_round, words):
    with pytest.raises(patience.Failed, match=words):
        Machine(seconds_a_round).wait(float("inf"))
