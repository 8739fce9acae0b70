"""forain keys ...: change the key with which tokens and buyers' data are encrypted."""

import click
from cryptography.fernet import Fernet

from forain.cli.ask import tell
from forain.cli.house import visiting
from forain.config.home import VaultKeys


@click.group("keys")
def keys_group() -> None:
    """The keys of what is stored encrypted."""


def _vault_keys() -> VaultKeys:
    from django.conf import settings

    found: VaultKeys = settings.VAULT_KEYS
    return found


@keys_group.command("list")
def keys_list() -> None:
    """How many stored values need which key."""
    with visiting():
        from forain.store import keys

        known = _vault_keys()()
        found = keys.survey(known)
        tell(f"{len(known)} keys; the first opens {found.first} stored values, {found.other} need an older one")
        if found.none:
            tell(f"{found.none} are opened by none: bring back the key they were written with")


@keys_group.command("rotate")
def keys_rotate() -> None:
    """A new key first, then everything stored is encrypted with it. Forain may run meanwhile.

    Interrupted, it goes on where it stopped when it is called again. The older keys stay until: forain keys forget-old
    """
    with visiting():
        from forain import wiring
        from forain.store import journal, keys

        file = _vault_keys()
        try:
            with keys.one_at_a_time():
                known = file()
                begun = len(known) > 1 and keys.survey(known).other > 0
                if not begun and file.in_file:
                    # On the disk before anything is encrypted with it.
                    file.write([Fernet.generate_key().decode(), *known])
                    known = file()
                    tell("a new key is the first in vault.key")
                elif not file.in_file and len(known) == 1:
                    raise click.ClickException(
                        "the keys come from FORAIN_VAULT_KEYS: put a new one and a comma before the present one, restart "
                        "Forain with it, then call this again; see docs/howto/rotate-keys.md"
                    )
                count = keys.renew(known)
                left = keys.survey(known)
                journal.write(wiring.deps().clock.now(), "keys_rotated", placeholders={"count": count})
        except keys.Busy:
            raise click.ClickException("another change of keys is running; wait for its end") from None
        tell(f"{count} stored values are encrypted with the first key now")
        if left.none:
            tell(f"{left.none} are opened by no key and stay as they are")
        if left.other:
            # Written meanwhile by a process that had not seen the new key (its keys come from its environment).
            raise click.ClickException(f"{left.other} still need an older key: call this again")
        tell("older keys are needed for copies of the database only; take them out with: forain keys forget-old")


@keys_group.command("forget-old")
def keys_forget_old() -> None:
    """Take every key but the first out of vault.key, if nothing stored needs them. Older copies of the database do."""
    with visiting():
        from forain import wiring
        from forain.store import journal, keys

        file = _vault_keys()
        if not file.in_file:
            raise click.ClickException("the keys come from FORAIN_VAULT_KEYS: take the older ones out there")
        try:
            with keys.one_at_a_time(), keys.nobody_writes():
                known = file()
                found = keys.survey(known)
                if found.other:
                    raise click.ClickException(
                        f"{found.other} stored values still need an older key; call first: forain keys rotate"
                    )
                file.write(known[:1])
                if len(known) > 1:
                    journal.write(wiring.deps().clock.now(), "keys_forgotten", placeholders={"count": len(known) - 1})
        except keys.Busy:
            raise click.ClickException("another change of keys is running; wait for its end") from None
        tell(f"{len(known) - 1} older keys are forgotten")
