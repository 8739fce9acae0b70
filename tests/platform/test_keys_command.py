"""`forain keys` as a person types it, beside a Forain that runs."""

import signal
import time

from cryptography.fernet import Fernet

from tests.platform.test_command_line import Boxed, forain, up  # noqa: F401


def test_the_key_is_changed_beside_a_running_forain_and_the_old_one_forgotten(forain, tmp_path):  # noqa: F811
    file = forain.home / "vault.key"
    with Boxed(forain, tmp_path) as boxed:
        process, _, _ = up(forain)
        try:
            assert boxed.add().returncode == 0
            first = file.read_text().split()
            rotated = forain("keys", "rotate")
            second = file.read_text().split()
            shown = forain("keys", "list")
            forgotten = forain("keys", "forget-old")
            third = file.read_text().split()
            asked = len(boxed.box.world.requests)
            assert forain("sync", "--now").returncode == 0
            deadline = time.monotonic() + 30
            while len(boxed.box.world.requests) == asked:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            doctor = forain("doctor")
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(40) == 0

    assert (len(first), rotated.returncode) == (1, 0), rotated.stderr
    assert "2 stored values are encrypted with the first key now" in rotated.stdout
    assert (len(second), second[1]) == (2, first[0])
    assert "the first opens 2 stored values, 0 need an older one" in shown.stdout
    assert "1 older keys are forgotten" in forgotten.stdout
    assert third == second[:1]
    assert "ok   stored secrets" in doctor.stdout
    assert "VaultBroken" not in doctor.stdout


def test_keys_of_the_environment_are_the_operators_to_change_and_a_file_open_to_all_is_refused(forain):  # noqa: F811
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()

    alone = forain("keys", "rotate", FORAIN_VAULT_KEYS=old)
    both = forain("keys", "rotate", FORAIN_VAULT_KEYS=f"{new},{old}")

    assert (alone.returncode, "docs/howto/rotate-keys.md" in alone.stderr) == (1, True)
    assert (both.returncode, "encrypted with the first key" in both.stdout) == (0, True)
    (forain.home / "vault.key").write_text(old)
    (forain.home / "vault.key").chmod(0o644)
    open_to_all = forain("status")

    assert (open_to_all.returncode, "chmod 600" in open_to_all.stderr) == (1, True)
    assert "Traceback" not in open_to_all.stderr
    for shown in (alone, both, open_to_all):
        assert old not in shown.stdout + shown.stderr
        assert new not in shown.stdout + shown.stderr
