"""up, web, worker, demo, box, status, sync, journal, doctor, bench."""

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from forain.cli.ask import PORT, reader_language, tell
from forain.cli.house import DEFAULT_PORT, Web, open_house, visiting

_port = click.option(
    "--port", type=PORT, default=DEFAULT_PORT, show_default=True, help="Where the pages are, on this machine."
)


@click.command()
@_port
def up(port: int) -> None:
    """Run Forain: database, pages and worker, until Ctrl-C."""
    with staying(port) as ended, Web(port) as pages, working():
        tell(f"Forain is up: {pages.url}")
        _invite(pages)
        tell("Ctrl-C stops everything.")
        ended.wait()
        tell("Stopping ...")


@click.command()
@_port
def web(port: int) -> None:
    """Run only the pages, until Ctrl-C; the work is done by `forain worker`, in processes of its own."""
    with staying(port) as ended, Web(port) as pages:
        tell(f"The pages are up: {pages.url}")
        _invite(pages)
        ended.wait()


@click.command()
def worker() -> None:
    """Run only a worker, until Ctrl-C. Several may work side by side."""
    with staying(DEFAULT_PORT) as ended, working():
        tell("The worker is up")
        ended.wait()


@contextmanager
def staying(port: int) -> Iterator[threading.Event]:
    """The house for a process that stays until Ctrl-C or SIGTERM, which set the answer."""
    ended = ending()
    house = open_house(port=port)
    try:
        house.keep()
        from forain import plugins
        from forain.store import instance

        plugins.marketplaces(), plugins.shops()
        instance.get()
        yield ended
    finally:
        house.stop()


@contextmanager
def working() -> Iterator[None]:
    """A worker in threads of this process; running flows are let finish."""
    from forain import wiring
    from forain.engine.worker import Worker

    started = Worker(wiring.deps())
    started.start()
    try:
        yield
    finally:
        started.stop()


def _invite(pages: Web) -> None:
    """The one-time link, while there is no administrator."""
    from django.contrib.auth import get_user_model

    from forain.store import instance

    if not get_user_model().objects.exists():
        tell(f"First, make your access (this link works once): {pages.url}/first/{instance.new_first_link()}")


def ending() -> threading.Event:
    """Set at Ctrl-C or SIGTERM. Asked for before anything is started: an end that comes during the start is kept."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    return ended


@click.command("admin-link")
@click.option("--port", type=PORT, default=DEFAULT_PORT, show_default=True, help="The one that forain up has.")
def admin_link(port: int) -> None:
    """A new one-time link for the first owner."""
    with visiting(port):
        from django.contrib.auth import get_user_model

        from forain import wiring
        from forain.store import instance

        if get_user_model().objects.exists():
            raise click.ClickException("there is an owner already: log in, or: forain people link NAME")
        tell(f"{wiring.deps().public_url}/first/{instance.new_first_link()}")


@click.command()
@click.option("--once", is_flag=True, help="End after the story; exit 0 only if every step was observed.")
@click.option(
    "--shop",
    type=click.Choice(["files", "vendure"]),
    default="files",
    show_default=True,
    help="vendure: a real one, where Node is.",
)
@click.option("--port", type=PORT, default=0, help="Where the pages are; 0 takes a free one.")
def demo(once: bool, shop: str, port: int) -> None:
    """Watch Forain do what it is for, with a simulated Amazon and a sample shop."""
    from forain.cli.demo import run

    sys.exit(run(once=once, shop=shop, port=port))


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def box(arguments: tuple[str, ...]) -> None:
    """Run only the market in a box (a simulated Amazon) on this machine."""
    from forain_box.server import main

    sys.exit(main(list(arguments)))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status(as_json: bool) -> None:
    """The six numbers of each account."""
    with visiting():
        from forain import wiring
        from forain.store import accounts, instance, issues
        from forain.web import words
        from forain.web.dashboard import card
        from forain.web.words import say

        now = wiring.deps().clock.now()
        cards = [card(row, now) for row in accounts.every()]
        age = instance.worker_age_seconds(now)
        notices = list(issues.open_notices())
        if as_json:
            told = {
                "worker": "running" if age is not None and age < 60 else "away",
                "issues": [{"code": n.code, "subject": n.subject, "severity": n.severity} for n in notices],
                "accounts": [
                    {
                        "id": c.account.pk, "name": c.account.name, "phase": c.phase, "sync": c.sync, "days_left": c.days_left,
                        "estimated": c.estimated, "offers": c.backlog.offers, "waiting": c.backlog.waiting,
                        "oldest": c.backlog.oldest.isoformat() if c.backlog.oldest else None, "refused": c.backlog.refused,
                        "held": c.held, "imported_today": c.imported_today,
                    }
                    for c in cards
                ],
            }  # fmt: skip
            click.echo(json.dumps(told, indent=2))
            return
        language = reader_language()
        if not cards:
            tell(say(language, "dash.no_account"))
        for c in cards:
            days = {"days": c.days_left, "estimated": words.guess(language, c.estimated)}
            left = say(language, "phase.days_left", days) if c.days_left is not None else ""
            tell(f"{c.account.name}: {words.tell(language, 'phase.' + c.phase, c.cause)} {left}")
            tell(f"  {words.tell(language, 'sync.' + c.doing, c.told)}")
            tell(f"  {say(language, 'dash.waiting')}: {c.backlog.waiting} / {c.backlog.offers}   "
                       f"{say(language, 'dash.refused')}: {c.backlog.refused}   "
                       f"{say(language, 'dash.held')}: {sum(c.held.values())}   "
                       f"{say(language, 'dash.imported')}: {c.imported_today}")  # fmt: skip
        for n in notices:
            said = (words.tell(language, f"{section}.{n.code}", n.placeholders) for section in ("issue", "cure"))
            tell(f"! {' '.join(said)}")
        if age is None or age > 60:
            tell(say(language, "dash.worker_away"))


@click.command()
@click.option("--now", "now_flag", is_flag=True, required=True, help="Make everything due at once.")
def sync(now_flag: bool) -> None:
    """Have the running worker synchronize at once."""
    with visiting():
        from forain import wiring
        from forain.store import accounts, instance, runs, shops
        from forain.web.words import say

        now = wiring.deps().clock.now()
        subjects = [f"shop:{s.pk}" for s in shops.every()] + [f"account:{a.pk}" for a in accounts.every()]
        for subject in subjects:
            runs.force(subject, now)
        tell(f"{len(subjects)} subjects are due now; a running worker takes them up at once.")
        age = instance.worker_age_seconds(now)
        if age is None or age > 60:
            tell(say(reader_language(), "dash.worker_away"))


@click.command("journal")
@click.option("--most", type=click.IntRange(1, 10_000), default=40, show_default=True)
@click.option("--about", default="", help="An order id, an SKU, a correlation id.")
def journal_command(most: int, about: str) -> None:
    """The record of decisions, newest first."""
    with visiting():
        from django.db.models import Q

        from forain.store import models
        from forain.web import words

        rows = models.Journal.objects.order_by("-id")
        if about:
            rows = rows.filter(Q(subject__icontains=about) | Q(correlation=about))
        language = reader_language()
        for row in rows[:most]:
            said = words.tell(language, f"entry.{row.code}", {"subject": row.subject, **row.placeholders})
            tell(f"{row.at:%Y-%m-%d %H:%M:%S} {row.correlation} {row.subject} {said}")


@click.command()
def doctor() -> None:
    """Test every step from the database to Amazon, and say the cure."""
    with visiting():
        from forain.cli.doctor import examine

        trouble = examine()
    sys.exit(1 if trouble else 0)


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON per row.")
def bench(name: str | None, as_json: bool) -> None:
    """Run a benchmark of bench/ (without a name: list them)."""
    import runpy

    folder = Path(__file__).resolve().parents[3] / "bench"
    known = sorted(p.stem for p in folder.glob("*.py")) if folder.is_dir() else []
    if not known:
        raise click.ClickException("bench/ is only there in a checkout of the repository")
    if name not in known:
        click.echo("\n".join(known))
        if name:
            raise click.ClickException(f"there is no benchmark {name}")
        return
    rows = runpy.run_path(str(folder / f"{name}.py"))["measure"]()
    for row in rows:
        if as_json:
            click.echo(json.dumps(row))
        else:
            met = "met" if row["met"] else "NOT met"
            tell(
                f"{row['what']}: {row['value']} against {row['against']}: ratio {row['ratio']} (target {row['target']}, {met})"
            )


@click.command()
@click.option("--seeds", "number", type=click.IntRange(1), default=1, show_default=True, help="How many seeds.")
@click.option("--days", type=click.FloatRange(0.01), default=30.0, show_default=True, help="Days of each story.")
@click.option("--seed", type=int, help="The first seed (0).")
@click.option("--trace", is_flag=True, help="Print every line of the story.")
@click.option("--without", multiple=True, help="A kind of event to leave out (several times).")
@click.option("--loud", multiple=True, help="A kind of event that happens eight times as often (several times).")
@click.option("--most-events", type=click.IntRange(0), help="No more events after so many.")
@click.option("--mutants", is_flag=True, help="Plant each defect in turn, and say which seed caught it.")
@click.option("--shrink/--no-shrink", "shrinking", default=True, help="Make a failed story short (takes minutes).")
@click.option("--processes", is_flag=True, help="Real processes, sockets and kills instead, in real time.")
@click.option(
    "--kills", type=click.IntRange(1, 5000), default=20, show_default=True, help="With --processes: how many."
)
def simulate(
    number: int,
    days: float,
    seed: int | None,
    trace: bool,
    without: tuple[str, ...],
    loud: tuple[str, ...],
    most_events: int | None,
    mutants: bool,
    shrinking: bool,
    processes: bool,
    kills: int,
) -> None:
    """Tell simulated days of a merchant in a database of its own, and check that nothing is lost or doubled."""
    import importlib
    import os
    import tempfile

    root = Path(__file__).resolve().parents[3]
    if not (root / "tests" / "simulation").is_dir():
        raise click.ClickException("tests/simulation is only there in a checkout of the repository")
    sys.path.insert(0, str(root))
    if processes:
        sys.exit(importlib.import_module("tests.processes.run").main(seed or 0, kills, trace))
    with tempfile.TemporaryDirectory(prefix="forain-simulate-") as home:
        # Its tables are emptied before every seed: never the merchant's database, whatever DATABASE_URL says.
        os.environ.pop("DATABASE_URL", None)
        Path(home).chmod(0o755)
        # What a real power cut would do to PostgreSQL is not asked here: it need not wait for the disk.
        house = open_house(Path(home), options=("fsync=off", "synchronous_commit=off", "full_page_writes=off"))
        try:
            run = importlib.import_module("tests.simulation.run")
            failed = run.main(
                number, days, seed, trace, frozenset(without), frozenset(loud), most_events, mutants, shrinking
            )
        finally:
            house.stop()
    sys.exit(failed)
