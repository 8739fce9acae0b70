"""The command line as a person types it, with wrong input too. Each test has a home of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg.conninfo import conninfo_to_dict

from forain.config import home
from forain_box import Box, mws_tokens, small_world, sqs
from forain_box.server import RunningBox
from forain_box.sites import SITES
from tests.parts import command_lines

ROOT = Path(__file__).resolve().parents[2]
YEAR = timedelta(days=365)


@pytest.fixture
def forain(open_folder):
    environment = {
        k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "FORAIN_TEST_POSTGRES", "LANG", "LC_ALL")
    }
    environment |= {"FORAIN_HOME": str(open_folder), "PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C.UTF-8"}

    def run(*arguments, background=False, **more):
        command = [sys.executable, "-m", "forain.cli", *arguments]
        if background:
            return subprocess.Popen(
                command,
                env=environment | more,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        return subprocess.run(
            command, env=environment | more, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
        )

    run.home = open_folder
    return run


def test_an_empty_house_says_what_to_do_next(forain):
    shown = forain("status")
    told = json.loads(forain("status", "--json").stdout)

    assert shown.returncode == 0, shown.stderr
    assert "connect Amazon" in shown.stdout
    assert told == {"worker": "away", "issues": [], "accounts": []}


def test_a_shop_is_added_checked_and_listed(forain, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "catalogue.csv").write_text("sku,title,price,currency,on_hand\nA,a,1.00,EUR,1\n")

    added = forain("shop", "add", "files", "--option", f"folder={folder}", "--name", "Mine")
    wrong = forain("shop", "add", "files", "--option", "folder=/nowhere", "--name", "Other")
    unknown = forain("shop", "add", "magic")
    twice = forain("shop", "add", "files", "--option", f"folder={folder}", "--name", "Mine")

    assert added.returncode == 0, added.stderr
    assert "Mine" in forain("shop", "list").stdout
    assert forain("shop", "check", "1").stdout.strip() == str(folder)
    assert (wrong.returncode, "no such folder" in wrong.stderr) == (1, True)
    assert "there are files" in unknown.stderr
    assert "already" in twice.stderr
    assert "no shop 9" in forain("shop", "check", "9").stderr
    assert "no shop 9" in forain("shop", "secret", "9", "token").stderr
    assert "files has no secret token" in forain("shop", "secret", "1", "token").stderr


def test_secrets_are_never_arguments_and_bad_ones_are_refused_with_a_sentence(forain, tmp_path):
    common = (
        "account",
        "add",
        "amazon",
        "--seller-id",
        "A1EXAMPLE23456",
        "--client-id",
        "amzn1.application-oa2-client.1",
    )
    none = forain(*common)
    (tmp_path / "secret").write_text("short")
    short = forain(*common, "--client-secret-file", str(tmp_path / "secret"), FORAIN_REFRESH_TOKEN="nonsense")

    assert "FORAIN_CLIENT_SECRET" in none.stderr
    assert "client_secret: This does not look right" in short.stderr
    assert "refresh_token: This does not look right" in short.stderr
    assert forain("account", "list").stdout == ""


def test_wrong_settings_are_named_with_their_cure(forain, tmp_path):
    (tmp_path / "file").write_text("x")
    for name, value, words in (
        ("DATABASE_URL", "postgresql://%zz", "DATABASE_URL cannot be read"),
        ("FORAIN_PUBLIC_URL", "https://[shop", "the address browsers use"),
        ("FORAIN_TIME_ZONE", "Mars/Crater", "no such time zone"),
        ("FORAIN_LOG_LEVEL", "chatty", "choose DEBUG"),
        ("FORAIN_VAULT_KEYS", "abc", "bring back the right one"),
        ("FORAIN_HOME", str(tmp_path / "file"), "FORAIN_HOME names a folder"),
        ("FORAIN_HOME", str(tmp_path / "file" / "below"), "FORAIN_HOME names a folder"),
        ("DATABASE_URL", "mysql://x", "must begin with postgresql://"),
        ("FORAIN_PUBLIC_URL", "http://shop.example", "https://"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "Is DATABASE_URL right?"),
    ):
        shown = forain("status", **{name: value})
        assert shown.returncode == 1
        assert words in shown.stderr
        assert "Traceback" not in shown.stderr


def test_a_database_without_rights_and_a_strange_vault_key_are_said(forain, tmp_path):
    name = f"poor_{os.getpid()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'poor'")
        owner.execute(f"CREATE DATABASE {name}")
        parts = {**conninfo_to_dict(os.environ["DATABASE_URL"]), "user": name, "password": "poor", "dbname": name}
        shown = forain("status", DATABASE_URL="postgresql://?" + urlencode(parts))
        owner.execute(f"DROP DATABASE {name}")
        owner.execute(f"DROP ROLE {name}")

    assert shown.returncode == 1
    assert "may create tables in it" in shown.stderr
    assert "Traceback" not in shown.stderr

    with Boxed(forain, tmp_path) as boxed:
        assert boxed.add().returncode == 0
        strange = forain("account", "check", "1", FORAIN_VAULT_KEYS=Fernet.generate_key().decode())

    assert strange.returncode == 1
    assert "is vault.key the right one?" in strange.stderr
    assert "Traceback" not in strange.stderr


def test_what_is_typed_wrong_is_said_and_never_passed_over(forain, tmp_path):
    (tmp_path / "empty").write_text("")
    (tmp_path / "binary").write_bytes(bytes(range(128, 200)))
    vendure = ("shop", "add", "vendure", "--option", "url=http://127.0.0.1:1/admin-api")
    for arguments, words in (
        (("shop", "add", "files", "--option", "fodler=/x"), "the names here are folder"),
        (("shop", "add", "files", "--option", "folder"), "write NAME=VALUE"),
        ((*vendure, "--option", "token=seen-by-everybody"), "the names here are url"),
        ((*vendure, "--secret-file", f"token={tmp_path / 'absent'}"), "cannot be read: No such file"),
        ((*vendure, "--secret-file", f"token={tmp_path}"), "cannot be read: Is a directory"),
        ((*vendure, "--secret-file", f"token={tmp_path / 'empty'}"), "is empty"),
        ((*vendure, "--secret-file", f"token={tmp_path / 'binary'}"), "is not UTF-8 text"),
        (("up", "--port", "99999"), "99999 is not in the range"),
        (("demo", "--once", "--port", "-1"), "-1 is not in the range"),
        (("box", "--port", "99999"), "a port is a number"),
        (("journal", "--most", "-5"), "-5 is not in the range"),
        (("order", "retry", "406"), "no order 406"),
        (("link", "list", "7"), "no account 7"),
    ):
        shown = forain(*arguments)
        assert shown.returncode != 0, arguments
        assert words in shown.stderr, (arguments, shown.stderr)
        assert "Traceback" not in shown.stderr, arguments


def test_the_doctor_examines_and_says_the_cure(forain, tmp_path):
    shown = forain("doctor")

    assert "ok   database and tables" in shown.stdout, shown.stderr
    assert "FAIL worker" in shown.stdout
    assert shown.returncode == 1


def test_the_one_time_link_names_the_port_that_up_has(forain):
    assert "http://127.0.0.1:18123/first/" in forain("admin-link", "--port", "18123").stdout


def test_a_key_file_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(home.os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        home.VaultKeys(tmp_path)
    monkeypatch.undo()

    assert not (tmp_path / "vault.key").exists()
    assert home.VaultKeys(tmp_path)() == home.VaultKeys(tmp_path)()
    assert (tmp_path / "vault.key").stat().st_mode & 0o777 == 0o600


class Boxed:
    """The market in a box beside the command line, with a seller, an application and a catalogue for it."""

    def __init__(self, forain, tmp_path):
        self._forain, self._folder = forain, tmp_path
        self.box = Box(seed=1, throttle=False, write_delay=(0.0, 0.0))
        small_world.furnish(self.box.world)
        self._running = RunningBox(self.box)

    def __enter__(self):
        self._running.start()
        world = self.box.world
        self.application = world.add_application({"name": "Mine", "kind": "private"})
        self.grant = world.authorize(self.application, world.state.sellers["A1BOXSELLEREU"])
        (self._folder / "secret").write_text(self.application.client_secret + "\n")
        (self._folder / "token").write_text(self.grant.refresh_token)
        self.url = self._running.url
        return self

    def __exit__(self, *_):
        self._running.stop()

    def add(self, *more):
        url = self._running.url
        return self._forain(
            "account", "add", "amazon", "--seller-id", "A1BOXSELLEREU", "--client-id", self.application.client_id,
            "--client-secret-file", str(self._folder / "secret"), "--refresh-token-file", str(self._folder / "token"),
            "--address", f"token={url}/auth/o2/token", "--address", f"api={url}/eu", *more,
        )  # fmt: skip


def test_what_the_pages_can_the_command_line_can(forain, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "catalogue.csv").write_text("sku,title,price,currency,on_hand\nHONEY,h,8.00,EUR,3\nSPARE,s,1.00,EUR,1\n")
    links = tmp_path / "links.csv"
    with Boxed(forain, tmp_path) as boxed:
        for name in ("First", "Second"):
            assert forain("shop", "add", "files", "--option", f"folder={folder}", "--name", name).returncode == 0
        assert "no shop 9" in boxed.add("--shop", "9").stderr
        assert "application_id" in boxed.add("--kind", "public").stderr
        added = boxed.add("--shop", "2")
        assert (added.returncode, "forain account allow" in added.stdout) == (0, True), added.stderr
        number = added.stdout.split()[1]
        assert "already" in boxed.add().stderr
        assert "shop 2" in forain("account", "list").stdout

        assert forain("account", "allow", number, "fr", "--dry-run").stdout.startswith(
            "site,sku,title,quantity_on_amazon,"
        )
        assert "one of them" in forain("account", "allow", number, "fr", "--off", "--dry-run").stderr
        assert forain("account", "allow", number, "fr").returncode == 0
        assert "FR A13V1IB3VIYZZH writes" in forain("account", "list").stdout
        assert "DE A1PA6795UKMFR9 read-only" in forain("account", "list").stdout
        assert forain("account", "allow", number, "FR", "--off").returncode == 0
        assert "writes" not in forain("account", "list").stdout
        assert "no site XX" in forain("account", "allow", number, "XX").stderr

        today = datetime.now(UTC).date()
        made, right = today - timedelta(days=300), today - timedelta(days=200)
        renewed = forain("account", "renew", number, "--granted-on", f"{made}", "--refresh-token-file", str(tmp_path / "token"))  # fmt: skip
        assert renewed.returncode == 0, renewed.stderr
        assert f"until {made + YEAR:%-d %b %Y}" in forain("journal").stdout.replace("\xa0", " ")
        for _ in range(2):
            corrected = forain("account", "date", number, "--granted-on", f"{right}")
            assert f"authorized until {right + YEAR} (estimated)" in corrected.stdout, corrected.stderr
        assert forain("journal").stdout.count("corrected the date") == 1
        for wrong, why in ((today + timedelta(days=2), "not come yet"), (today - timedelta(days=366), "Look the day up"),
                           ("yesterday", "does not match"), ("2026-02-30", "does not match"), ("", "does not match")):  # fmt: skip
            refused = forain("account", "date", number, "--granted-on", f"{wrong}")
            assert refused.returncode != 0
            assert why in refused.stderr
        assert f"{(right + YEAR - today).days} days left" in forain("account", "list").stdout or (
            f"{(right + YEAR - today).days - 1} days left" in forain("account", "list").stdout
        )
        # The end of a token pasted by hand is reckoned, and lands nobody.
        assert "consent page" in forain("account", "landing", number, "on").stderr
        assert "no safe landing to stop" in forain("account", "landing", number, "stop").stderr
        assert "safe landing off" in forain("account", "landing", number, "off").stdout
        assert "maybe" in forain("account", "landing", number, "maybe").stderr
        boxed.box.world.rotate_secret(boxed.application)
        (tmp_path / "secret").write_text(boxed.application.client_secret)
        made, right = today - timedelta(days=150), today - timedelta(days=100)
        dated = ("account", "secret", number, "--client-secret-file", str(tmp_path / "secret"), "--made-on")
        assert "Look the day up" in forain(*dated, f"{today - timedelta(days=181)}").stderr
        assert forain(*dated, f"{made}").returncode == 0
        for _ in range(2):
            corrected = forain("account", "secret-date", number, "--made-on", f"{right}")
            assert f"client secret until {right + timedelta(days=180)} (estimated)" in corrected.stdout, (
                corrected.stderr
            )
        assert forain("journal").stdout.count("corrected the client secret's date") == 1
        for wrong, why in ((today + timedelta(days=2), "not come yet"), (today - timedelta(days=181), "Look the day up"),
                           ("2026-02-30", "does not match")):  # fmt: skip
            refused = forain("account", "secret-date", number, "--made-on", f"{wrong}")
            assert (refused.returncode != 0, why in refused.stderr) == (True, True)

        links.write_text("marketplace_sku,variant\nHONEY,NONE\n")
        assert "Line 2" in forain("link", "import", number, str(links)).stderr
        assert "no article NONE" in forain("link", "decide", number, "HONEY", "NONE", "yes").stderr


def test_a_bundle_is_said_listed_and_dissolved(forain, tmp_path):
    folder, file = tmp_path / "shop", tmp_path / "links.csv"
    folder.mkdir()
    (folder / "catalogue.csv").write_text("sku,title,price,currency,on_hand\nHONEY,h,8.00,EUR,3\nSPARE,s,1.00,EUR,1\n")
    with Boxed(forain, tmp_path) as boxed:
        assert forain("shop", "add", "files", "--option", f"folder={folder}", "--name", "Folder").returncode == 0
        number = boxed.add("--shop", "1").stdout.split()[1]
        bundle = ("link", "bundle", number, "SET")
        worker = forain("worker", background=True)
        try:
            until = time.monotonic() + 60
            while "(article SPARE)" not in forain("link", "list", number).stdout and time.monotonic() < until:
                time.sleep(0.5)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.communicate(timeout=60)

        told = forain(*bundle, "--of", "2", "HONEY", "--of", "1", "SPARE")
        assert told.stdout.strip() == "SET is 2 x HONEY, 1 x SPARE", told.stderr
        assert "bundle     SET = 2 x HONEY, 1 x SPARE" in forain("link", "list", number).stdout
        for wrong, why in (
            ((*bundle, "--of", "0", "HONEY"), "Article 1, HONEY: the pieces are a whole number"),
            ((*bundle, "--of", "1", "HONEY"), "One piece of HONEY is no bundle"),
            ((*bundle, "--of", "2", "NONE"), "no article “NONE”"),
            (bundle, "A bundle needs an article"),
            (("link", "decide", number, "SET", "HONEY", "yes"), "SET is a bundle. Dissolve it first"),
            (("link", "dissolve", number, "OTHER"), "OTHER is no bundle"),
        ):
            refused = forain(*wrong)
            assert (refused.returncode != 0, why in refused.stderr) == (True, True), refused.stderr
        file.write_text(forain("link", "export", number).stdout)
        assert forain("link", "dissolve", number, "SET").returncode == 0
        assert "bundle" not in forain("link", "list", number).stdout
        assert forain("link", "import", number, str(file)).returncode == 0
        assert "bundle     SET = 2 x HONEY, 1 x SPARE" in forain("link", "list", number).stdout


def test_rules_are_set_tried_shown_and_travel_as_a_file(forain, tmp_path):
    file = tmp_path / "rules.csv"
    with Boxed(forain, tmp_path) as boxed:
        number = boxed.add().stdout.split()[1]
        rule = ("rule", "set", number)

        assert forain(*rule, "buffer=2", "percent=7.50").stdout.strip() == "buffer=2 percent=7.5"
        assert forain(*rule, "--site", "fr", "floor=5", "cap=none").stdout.strip() == "cap=none floor=5.00 EUR"
        assert forain(*rule, "buffer=").stdout.strip() == "percent=7.5"
        assert forain(*rule, "percent=10", "--dry-run").stdout.startswith("site,sku,")
        for more in ((), ("--dry-run",)):
            assert "no stock location “Nowhere”" in forain(*rule, "locations=Nowhere", *more).stderr
        assert forain(*rule, "locations=").stdout.strip() == "percent=7.5"
        assert forain("rule", "list", number).stderr == ""
        shown = forain("rule", "list", number).stdout.splitlines()
        assert shown == ["account percent=7.5", "site A13V1IB3VIYZZH cap=none floor=5.00 EUR"]
        file.write_text(forain("rule", "export", number).stdout)
        assert forain(*rule, "percent=").stdout.strip() == "no rule there any more"
        before = forain("rule", "list", number).stdout
        assert forain("rule", "import", number, str(file), "--dry-run").stdout.startswith("site,sku,")
        assert forain("rule", "list", number).stdout == before
        assert forain("rule", "import", number, str(file)).returncode == 0
        assert forain("rule", "list", number).stdout.splitlines() == shown
        assert forain("rate", "set", "eur", "gbp", "0.850").stdout.startswith("1 EUR = 0.85 GBP (")
        assert forain("rate", "list").stdout.startswith("1 EUR = 0.85 GBP (")
        file.write_text("source,target,rate\nEUR,SEK,11.2\n")
        assert forain("rate", "import", str(file)).stdout.strip() == "EUR/SEK"
        assert forain("rate", "address").stdout.strip() == "none"
        assert forain("rate", "address", "https://rates.example/x").stdout.strip() == "https://rates.example/x"
        assert forain("rate", "address", "none").stdout.strip() == "none"
        file.write_text("level,buffer\naccount,-1\n")
        for wrong, why in (
            ((*rule, "buffer=two"), "buffer: A number with a point"),
            ((*rule, "colour=red"), "the names here are"),
            (rule, "nothing to set"),
            ((*rule, "--site", "XX", "buffer=1"), "no site XX"),
            ((*rule, "--sku", "NONE", "buffer=1"), "name: There is no such group or SKU here."),
            ((*rule, "--sku", "A", "--group", "B", "buffer=1"), "one of them"),
            (("rule", "list", "99"), "no account 99"),
            (("rate", "set", "EUR", "GBP", "0,85"), "rate: A number with a point"),
            (("rate", "address", "rates.example"), "This is no address Forain can use"),
            (("rule", "import", number, str(file)), "Line 2"),
        ):
            refused = forain(*wrong)
            assert refused.returncode == 1, refused.stdout
            assert why in refused.stderr
        assert forain("rule", "list", number).stdout.splitlines() == shown


def test_accounts_of_one_shop_are_told_what_they_take_of_the_same_pieces(forain, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "catalogue.csv").write_text("sku,title,price,currency,stock:Lyon\nHONEY,h,8.00,EUR,3\n")
    with Boxed(forain, tmp_path) as boxed:
        assert forain("shop", "add", "files", "--option", f"folder={folder}", "--name", "Shop").returncode == 0
        first = boxed.add("--shop", "1").stdout.split()[1]
        told = {"seller_id": "A9SECONDSELLER", "region": "eu", "marketplace_ids": ["A13V1IB3VIYZZH"]}
        grant = boxed.box.world.authorize(boxed.application, boxed.box.world.add_seller(told, SITES))
        (tmp_path / "token").write_text(grant.refresh_token)
        second = boxed.add("--shop", "1", "--seller-id", "A9SECONDSELLER")
        assert second.returncode == 0, second.stderr

        over = forain("rule", "set", first, "share=60")
        whole = forain("rule", "set", second.stdout.split()[1], "share=40")
        listed = forain("rule", "list", first)

        assert (over.stdout.strip(), "take 160 % of the same pieces" in over.stderr) == ("share=60", True)
        assert (whole.stdout.strip(), whole.stderr) == ("share=40", "")
        assert (listed.stdout.strip(), listed.stderr) == ("account share=60", "")


def test_the_way_to_an_application_is_shown_with_its_pages_and_waits_for_what_was_asked(forain, tmp_path):
    before = forain("account", "steps")
    assert before.returncode == 0, before.stderr
    assert before.stdout.startswith("[>] Professional plan, primary user\n")
    assert "Apps and Services > Develop Apps: https://sellercentral-europe.amazon.com/sellingpartner/" in before.stdout
    assert "Direct-to-Consumer Shipping: open" in before.stdout
    assert "there is no marketplace nowhere" in forain("account", "steps", "--marketplace", "nowhere").stderr
    assert "no application of your own" in forain("account", "steps", "--marketplace", "amazon_mws").stderr
    with Boxed(forain, tmp_path) as boxed:
        number = boxed.add().stdout.split()[1]
        day = datetime.now(UTC).date() - timedelta(days=5)
        ask = ("account", "role", number, "Direct-to-Consumer Shipping")
        assert forain(*ask, "asked", "--on", f"{day}").returncode == 0

        shown = forain("account", "steps", number).stdout
        assert f"Direct-to-Consumer Shipping: asked since {day}" in shown
        assert "[x] Authorize it and enter everything here" in shown
        assert "asked Amazon for the role Direct-to-Consumer Shipping" in forain("journal").stdout
        for wrong, why in (
            ((*ask, "asked", "--on", f"{day + timedelta(days=30)}"), "not come yet"),
            (("account", "role", number, "Nonsense", "asked"), "There is no role Nonsense here"),
            ((*ask, "perhaps"), "is not one of"),
            (("account", "steps", "99"), "no account 99"),
        ):
            refused = forain(*wrong)
            assert refused.returncode != 0
            assert why in refused.stderr
        assert forain(*ask, "nothing").returncode == 0
        assert "Direct-to-Consumer Shipping: open" in forain("account", "steps", number).stdout


def test_a_queue_is_set_shown_used_and_removed_and_all_accounts_renewed(forain, tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "catalogue.csv").write_text("sku,title,price,currency,on_hand\nHONEY,h,8.00,EUR,3\n")
    with Boxed(forain, tmp_path) as boxed:
        forain("shop", "add", "files", "--option", f"folder={tmp_path / 'shop'}", "--name", "Folder")
        number = boxed.add().stdout.split()[1]
        arn = "arn:aws:sqs:eu-west-1:123456789012:secrets"
        queue = sqs.add_queue(boxed.box.world, arn, 30)
        key = tmp_path / "key"
        key.write_text(queue.secret_access_key)
        told = ("account", "queue", number, "--url", f"{boxed.url}/123456789012/secrets", "--access-key-id", queue.access_key_id,
                "--secret-access-key-file", str(key))  # fmt: skip

        assert "no queue is set" in forain("account", "queue", number).stderr
        assert "does not name its region" in forain(*told).stderr
        assert "no queue is set up" in forain("account", "rotate", number).stderr.lower()
        kept = forain(*told, "--region", "eu-west-1")
        assert kept.returncode == 0, kept.stderr
        assert "not read yet" in forain("account", "queue", number).stdout
        boxed.application.queue = arn
        asked = forain("account", "rotate", number)
        assert asked.returncode == 0, asked.stderr
        assert "already" in forain("account", "rotate", number).stderr
        assert "awaited" in forain("account", "queue", number).stdout
        assert forain("account", "queue", number, "--off").returncode == 0
        assert "no queue is set" in forain("account", "queue", number).stderr

        renewed = forain("account", "renew-all", number, "--token-file", f"{number}={tmp_path / 'token'}")
        assert renewed.stdout.rstrip().endswith("renewed"), renewed.stderr
        (tmp_path / "wrong").write_text("nonsense")
        refused = forain("account", "renew-all", number, "--token-file", f"{number}={tmp_path / 'wrong'}")
        assert (refused.returncode, "not every token" in refused.stderr) == (1, True)
        assert "the names here are" in forain("account", "renew-all", number, "--token-file", "99=x").stderr
        assert "tokens are secret" in forain("account", "renew-all", number).stderr


def up(forain, *arguments):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = forain("up", "--port", str(port), *arguments, background=True)
    told = ""
    while "Ctrl-C" not in told:
        line = process.stdout.readline()
        assert line, told
        told += line
    return process, port, told


def servers_of(forain):
    """PostgreSQL's processes that serve this home."""
    return [line for line in command_lines() if "postgres" in line and str(forain.home) in line]


def test_up_serves_is_healthy_and_ctrl_c_stops_everything(forain, tmp_path):
    process, port, told = up(forain)

    assert f"http://127.0.0.1:{port}/first/" in told
    deadline = time.monotonic() + 20
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                assert json.loads(answer.read()) == {"database": "ok", "worker": "ok"}
                break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    other = forain("status", "--json")
    assert json.loads(other.stdout)["worker"] == "running"
    assert servers_of(forain) != []
    process.send_signal(signal.SIGINT)

    assert process.wait(40) == 0
    assert servers_of(forain) == []


def health(port):
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return json.loads(answer.read())
    except HTTPError as error:
        return json.loads(error.read())
    except OSError:
        return None


def until_health(port, told, seconds=60):
    deadline = time.monotonic() + seconds
    while (found := health(port)) != told:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


WELL = {"database": "ok", "worker": "ok"}


def test_a_killed_database_comes_back_under_up_and_health_says_when_it_is_away(forain, tmp_path):
    process, port, _ = up(forain)
    until_health(port, WELL)
    data = forain.home / "postgres" / "data"
    (data / "PG_VERSION").rename(data / "PG_VERSION.away")

    os.kill(int((data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    until_health(port, {"database": "away", "worker": "unknown"})
    (data / "PG_VERSION.away").rename(data / "PG_VERSION")
    until_health(port, WELL)
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0


def test_web_and_worker_run_in_processes_of_their_own_and_share_the_database(forain, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    workers = [forain("worker", background=True) for _ in range(2)]
    web = forain("web", "--port", str(port), background=True)
    told = [process.stdout.readline() for process in (*workers, web)]
    until_health(port, WELL)

    for process in (*workers, web):
        process.send_signal(signal.SIGTERM)

    assert told[:2] == ["The worker is up\n"] * 2
    assert f"http://127.0.0.1:{port}" in told[2]
    assert [process.wait(40) for process in (*workers, web)] == [0, 0, 0]
    assert servers_of(forain) == []


def test_killing_up_leaves_nothing_running_and_the_next_start_works(forain, tmp_path):
    process, _, _ = up(forain)
    process.kill()
    process.wait(10)
    deadline = time.monotonic() + 20
    while servers_of(forain):
        assert time.monotonic() < deadline
        time.sleep(0.2)

    again, _, _ = up(forain)
    again.send_signal(signal.SIGTERM)
    assert again.wait(40) == 0


def test_an_end_that_comes_while_it_starts_is_kept(forain, tmp_path):
    process = forain("up", "--port", "0", background=True)
    time.sleep(1.0)
    process.send_signal(signal.SIGTERM)

    # Before our own code runs the signal simply ends Python; then nothing had been started yet.
    assert process.wait(40) in (0, -signal.SIGTERM)
    assert servers_of(forain) == []


def test_a_port_in_use_is_said(forain):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        shown = forain("up", "--port", str(taken.getsockname()[1]))

    assert shown.returncode == 1
    assert "--port takes another" in shown.stderr


def test_the_box_prints_one_line_of_json(forain):
    process = forain("box", "--port", "0", background=True)
    lines = [process.stdout.readline() for _ in range(2)]
    url = next(json.loads(line)["url"] for line in lines if line.startswith("{"))

    with urlopen(f"{url}/box/api/state", timeout=5) as answer:
        assert len(json.loads(answer.read())["sellers"]) == 3
    process.terminate()
    assert process.wait(10) == 0


def test_an_ended_interface_is_connected_only_where_its_address_is_named(forain, tmp_path):
    with Boxed(forain, tmp_path) as boxed:
        world = boxed.box.world
        seller = world.state.sellers["A1BOXSELLEREU"]
        token = mws_tokens.authorize(world, seller, "magnalister", "4141-0616-7444")
        developer = world.state.mws_developers[token.developer_number]
        (tmp_path / "secret").write_text(developer.aws_secret_key)
        (tmp_path / "token").write_text(token.token)
        told = (
            "account", "add", "amazon_mws", "--seller-id", seller.seller_id, "--client-id", developer.aws_access_key_id,
            "--application-id", developer.developer_number, "--client-secret-file", str(tmp_path / "secret"),
            "--refresh-token-file", str(tmp_path / "token"), "--field", "developer_name=magnalister", "--field",
        )  # fmt: skip
        named = {"FORAIN_RETIRED_ADDRESSES": f"amazon_mws={boxed.url}/mws/{{region}}"}

        unnamed = forain(*told, "marketplace_id=A13V1IB3VIYZZH")
        elsewhere = forain(*told, "marketplace_id=ATVPDKIKX0DER", **named)
        unreadable = forain("status", FORAIN_RETIRED_ADDRESSES="amazon_mws")
        connected = forain(*told, "marketplace_id=A13V1IB3VIYZZH", **named)

    assert "there is no marketplace amazon_mws" in unnamed.stderr
    assert "The seller has no part in this marketplace" in elsewhere.stderr
    assert "FORAIN_RETIRED_ADDRESSES" in unreadable.stderr
    assert connected.returncode == 0, connected.stderr
    assert "connected, read-only" in connected.stdout
