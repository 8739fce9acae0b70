"""What outsiders write stays within the line that tells of it: in the log, the journal, and on a terminal."""

import ast
import logging
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from django.conf import settings
from django.test import RequestFactory
from django.utils.log import log_response

import forain.cli
from forain import wiring
from forain.cli import Plain
from forain.cli.ask import fail, tell
from forain.core import errors
from forain.store import journal, models
from forain.web import words
from tests import logs

FORGED = "SOAP\n2026-01-01 00:00:00,000 WARNING forain.net the house is sold\r\x1b[2J\x1b]0;owned\x07\u2028x\u202e"
FORMAT = settings.LOGGING["formatters"]["plain"]
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ ")


@pytest.fixture
def written():
    """Lines that a logger writes with the format of the settings."""
    assert FORMAT["()"] == "forain.config.logs.OneLine"
    with logs.written(FORMAT["fmt"]) as lines:
        yield lines


def is_one_event(text):
    first, *below = text.split("\n")
    return bool(LINE.match(first)) and all(line.startswith("    ") for line in below) and not unseen(text)


def unseen(text):
    return re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", text)


def test_a_log_line_cannot_be_forged(written):
    logging.getLogger("forain.net").warning("shop=%s does not answer: %s", 1, FORGED)

    assert [is_one_event(text) for text in written] == [True]
    assert "the house is sold" in written[0]


def test_a_traceback_stays_below_its_line_and_holds_no_secret(written):
    try:
        raise ValueError(f'{FORGED} {{"refresh_token": "Atzr|canary"}} jonas@weber.example')
    except ValueError:
        logging.getLogger("forain.engine").exception("flow=%s stopped by a bug", FORGED, stack_info=True)

    assert [is_one_event(text) for text in written] == [True]
    assert "Traceback" in written[0]
    assert "canary" not in written[0]
    assert "jonas@" not in written[0]


def test_an_address_asked_for_cannot_forge_a_line(written):
    request = RequestFactory().get("/x")
    request.path = f"/{FORGED}"
    log_response("Not Found: %s", request.path, response=type("R", (), {"status_code": 404})(), request=request)

    assert [is_one_event(text) for text in written] == [True]


def test_the_journal_keeps_one_line(db):
    now = wiring.RealClock().now()
    journal.write(now, "link_decided", subject=FORGED, placeholders={"sku": FORGED, "nul": "\0"})
    journal.write_many(now, [("told", FORGED, None, "", {"sku": FORGED})])

    for row in models.Journal.objects.all():
        assert not unseen(row.subject)
        assert "\n" not in row.subject
        assert not any(unseen(value) or "\n" in value for value in row.placeholders.values())


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_a_sentence_stays_a_sentence(language):
    said = words.say_error(language, "login_refused", {"problem": FORGED})

    assert "SOAP" in said
    assert len(said.splitlines()) == 1
    assert not unseen(said)


def test_the_terminal_gets_lines_and_nothing_that_steers_it():
    @click.group(cls=Plain)
    def told():
        pass

    @told.command()
    def well():
        tell(f"proposed {FORGED}")

    @told.command()
    def ill():
        raise fail(errors.Rejected([errors.Problem("refused", FORGED)], "login_refused"))

    @told.command()
    def broken():
        raise PermissionError(13, FORGED, FORGED)

    for name in ("well", "ill", "broken"):
        shown = CliRunner().invoke(told, [name])
        assert len(shown.output.strip("\n").split("\n")) == 1, shown.output
        assert not unseen(shown.output), shown.output
        assert "SOAP" in shown.output


def test_the_commands_print_through_tell():
    """`click.echo` itself is for JSON, which writes out what is not seen, and for the story of the demo."""
    folder = Path(forain.cli.__file__).parent
    raw = []
    for file in folder.glob("*.py"):
        if file.name in ("demo.py", "ask.py", "vendure_shop.py"):
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("click.echo", "print", "click.secho"):
                raw.append(ast.unparse(node))

    assert [call for call in raw if "json.dumps" not in call and ".join(known)" not in call] == []
