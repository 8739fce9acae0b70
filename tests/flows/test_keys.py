"""What is stored encrypted: bound to its owner, and its key changed beside writers, through kills, and again."""

import stat
import threading
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.db import connection, connections
from django.db import models as columns

from forain.config import home
from forain.config.checks import BadSettings
from forain.core.secret import Secret
from forain.flows import authorize
from forain.store import keys, models, orders
from forain.store.vault import Vault, VaultBroken, writing
from tests.flows.test_crash_points import Dying, in_a_process_of_its_own

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def sold(make_house):
    """A house with a token, a client secret, and two orders with their buyers; and the key it was made with."""
    house = make_house()
    for sku in ("SOAP", "OIL"):
        house.live(60)
        house.buy(sku)
    house.live(900, step=30)
    assert models.Order.objects.exclude(body=None).count() == 2
    house.key = house.deps.vault._told()[0]
    return house


@pytest.fixture
def entries(transactional_db):
    """Seven secrets written with the old key."""
    vault = Vault([OLD])
    for number in range(7):
        vault.put(f"account:{number}", "refresh", Secret(f"token {number}"), NOW)
    return {f"account:{number}": f"token {number}" for number in range(7)}


def read(vault):
    return {row.owner: vault.get(row.owner, row.name).reveal() for row in models.VaultEntry.objects.all()}


def buyers(vault):
    return {row.order_id: orders.body_of(row, vault).ship_to for row in models.Order.objects.all()}


def test_a_secret_moved_to_another_row_does_not_open(entries):
    first, second = models.VaultEntry.objects.order_by("pk")[:2]
    models.VaultEntry.objects.filter(pk=first.pk).update(ciphertext=bytes(second.ciphertext))
    models.VaultEntry.objects.filter(pk=second.pk).update(name="client_secret")

    with pytest.raises(VaultBroken, match="belongs to refresh of account:1"):
        Vault([OLD]).get(first.owner, "refresh")
    with pytest.raises(VaultBroken, match="belongs to refresh of account:1"):
        Vault([OLD]).get(second.owner, "client_secret")


def test_an_orders_buyer_moved_to_another_order_does_not_open(sold):
    first, second = models.Order.objects.order_by("pk")
    models.Order.objects.filter(pk=first.pk).update(body=bytes(second.body))
    entry = models.VaultEntry.objects.first()
    models.Order.objects.filter(pk=second.pk).update(body=bytes(entry.ciphertext))

    for row in models.Order.objects.all():
        with pytest.raises(VaultBroken, match="belongs to"):
            orders.body_of(row, sold.deps.vault)


def test_every_column_of_bytes_is_renewed():
    """Whoever keeps bytes in another column must have its key changed too."""
    found = {
        (model.__name__, field.name)
        for model in apps.get_app_config("store").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, columns.BinaryField)
    }

    assert found == {(model.__name__, column) for model, column in keys.SEALED}


def test_a_new_key_encrypts_tokens_secrets_and_buyers_and_the_old_one_opens_nothing(sold):
    before, people = read(sold.deps.vault), buyers(sold.deps.vault)
    stored = keys.survey([sold.key])

    count = keys.renew([NEW, sold.key])

    assert count == stored.first == 4
    assert keys.survey([NEW]) == keys.Survey(first=4)
    assert keys.survey([sold.key]) == keys.Survey(none=4)
    assert read(Vault([NEW])) == before
    assert buyers(Vault([NEW])) == people
    assert all(people.values())
    assert keys.renew([NEW, sold.key]) == 0


def test_killed_before_every_statement_it_can_be_gone_on_with(entries, monkeypatch):
    monkeypatch.setattr(keys, "BATCH", 2)
    kills = 0
    for at in range(1, 60):

        def work(at=at):
            with connection.execute_wrapper(Dying(at)):
                keys.renew([NEW, OLD])

        if not in_a_process_of_its_own(work):
            break
        kills += 1
        assert read(Vault([NEW, OLD])) == entries
    keys.renew([NEW, OLD])

    # Seven writes among them, each lost with its batch at most.
    assert kills >= 4
    assert read(Vault([NEW])) == entries


def test_what_no_key_opens_stays_and_is_told(entries):
    models.VaultEntry.objects.filter(owner="account:3").update(ciphertext=b"torn")

    assert keys.renew([NEW, OLD]) == 6
    assert keys.survey([NEW, OLD]) == keys.Survey(first=6, none=1)
    assert bytes(models.VaultEntry.objects.get(owner="account:3").ciphertext) == b"torn"


def test_whoever_is_writing_with_the_old_key_is_waited_for(entries):
    """The old key is looked for only after the last one who uses it has written."""
    sealed, go_on = threading.Event(), threading.Event()
    found = []

    def write():
        vault = Vault([OLD])
        try:
            with writing():
                told = vault.seal("account:1", "refresh", "written late")
                sealed.set()
                go_on.wait(30)
                models.VaultEntry.objects.filter(owner="account:1").update(ciphertext=told)
        finally:
            connections.close_all()

    def forget():
        try:
            with keys.nobody_writes():
                found.append(keys.survey([NEW, OLD]))
        finally:
            connections.close_all()

    keys.renew([NEW, OLD])
    writer = threading.Thread(target=write)
    writer.start()
    assert sealed.wait(30)
    forgetter = threading.Thread(target=forget)
    forgetter.start()
    while not waiting_for_a_lock():
        assert forgetter.is_alive()
    go_on.set()
    writer.join(30)
    forgetter.join(30)

    assert found == [keys.Survey(first=6, other=1)]


def waiting_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone()[0] > 0


def test_only_one_change_of_keys_at_a_time(transactional_db):
    refused = []

    def second():
        try:
            with keys.one_at_a_time():
                pass
        except keys.Busy:
            refused.append(True)
        finally:
            connections.close_all()

    with keys.one_at_a_time():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(30)
    with keys.one_at_a_time():
        pass

    assert refused == [True]


@pytest.fixture
def key_file(tmp_path, monkeypatch):
    monkeypatch.delenv("FORAIN_VAULT_KEYS", raising=False)
    file = home.VaultKeys(tmp_path)
    file.write([OLD])
    return file


def test_a_process_that_runs_writes_with_the_new_key_at_once_and_reads_what_it_held(key_file, transactional_db):
    vault = Vault(key_file)
    held = vault.seal("account:1", "refresh", "token")

    key_file.write([NEW, OLD])
    fresh = vault.seal("account:1", "refresh", "token")
    key_file.write([NEW])

    assert Fernet(NEW).decrypt(fresh)
    assert Fernet(NEW).decrypt(vault.seal("account:1", "refresh", "token"))
    assert vault.open("account:1", "refresh", held) == vault.open("account:1", "refresh", fresh) == "token"
    with pytest.raises(VaultBroken):
        Vault(key_file).open("account:1", "refresh", held)


def test_the_key_file_is_private_and_stays_so(key_file):
    assert stat.S_IMODE(key_file.path.stat().st_mode) == 0o600

    key_file.write([NEW, OLD])

    assert stat.S_IMODE(key_file.path.stat().st_mode) == 0o600
    assert key_file.path.read_text().split() == [NEW, OLD]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o602])
def test_a_key_that_others_may_read_is_refused_with_the_cure(key_file, mode, monkeypatch):
    assert key_file() == (OLD,)
    key_file.path.chmod(mode)
    session = key_file.path.with_name("session.key")
    session.write_text("x" * 50)
    session.chmod(mode)
    monkeypatch.delenv("FORAIN_SECRET_KEY", raising=False)

    for read_it in (lambda: home.VaultKeys(key_file.path.parent), lambda: home.django_secret_key(key_file.path.parent)):
        with pytest.raises(BadSettings, match="chmod 600"):
            read_it()
    # A process that runs goes on with what it knows.
    assert key_file() == (OLD,)


def test_a_change_of_the_file_that_is_killed_leaves_the_former_keys(key_file, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(home.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        key_file.write([NEW, OLD])
    monkeypatch.undo()

    assert home.VaultKeys(key_file.path.parent)() == (OLD,)


def test_after_the_change_the_account_goes_on(sold):
    keys.renew([NEW, sold.key])
    sold.deps.vault._told = lambda: (NEW,)
    sold.deps.vault._seen = ()

    authorize.probe(sold.deps, sold.account)
    sold.buy("SOAP")
    sold.live(900, step=30)

    assert sold.account.standing == "granted"
    assert len(sold.shop_orders()) == 3
