"""I prove with my phone that it is me: TOTP (RFC 6238) with the product's clock, and codes for when there is no phone."""

import hmac
import secrets
from typing import Literal

import pyotp
from django.db import transaction

from forain.core.secret import Secret
from forain.flows.deps import Deps
from forain.store import journal, models, people

DRIFT = 1
"""A phone's clock may be one step of 30 seconds early or late."""
RECOVERY_CODES = 10
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 of them, without those that look like another one: 16 letters are 80 bits."""


def _owner(person: models.Person) -> str:
    return f"person:{person.pk}"


def begin(deps: Deps, person: models.Person, session: str) -> Secret:
    """The secret a phone shall learn; sealed, and the same one at each call until it is confirmed.

    `session`: who asks. Another session gets another secret, and the former one is void: whoever was in with a stolen
    password before does not know what the owner's phone learns later.
    """
    with transaction.atomic():
        people.locked(person)
        found = _begun(deps, person, session)
        if found is None:
            found = Secret(pyotp.random_base32())
            told = Secret(f"{session} {found.reveal()}")
            deps.vault.put(_owner(person), "totp_new", told, deps.clock.now())
    return found


def _begun(deps: Deps, person: models.Person, session: str) -> Secret | None:
    kept = deps.vault.get(_owner(person), "totp_new")
    by, _, secret = kept.reveal().partition(" ") if kept else ("", "", "")
    return Secret(secret) if kept and hmac.compare_digest(by.encode(), session.encode()) else None


def address(person: models.Person, secret: Secret) -> str:
    """The otpauth address that a phone's application reads as a QR code. It holds the secret."""
    return pyotp.TOTP(secret.reveal()).provisioning_uri(name=person.user.get_username(), issuer_name="Forain")


def confirm(deps: Deps, person: models.Person, session: str, code: str) -> list[str] | None:
    """The phone shows a right code for what this session began: it is the second factor now, instead of any former one.

    The answer is the recovery codes, which nobody can read again; None: the code is wrong, nothing was begun, or
    something ended the session meanwhile (`person` as it knows them). Every session of the person ends.
    """
    now = deps.clock.now()
    with transaction.atomic():
        row = people.locked(person)
        if row.sessions_no != person.sessions_no:
            return None
        secret = _begun(deps, row, session)
        step = _step_of(deps, secret, code)
        if secret is None or step is None:
            return None
        deps.vault.forget(_owner(row))
        deps.vault.put(_owner(row), "totp", secret, now)
        people.set_second_factor(person, now, step)
        journal.write(now, "second_factor_set", subject=row.user.get_username())
        return _new_codes(person)


def _new_codes(person: models.Person) -> list[str]:
    plain = ["".join(secrets.choice(_LETTERS) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    people.keep_recovery_codes(person, plain)
    return ["-".join(code[n : n + 4] for n in range(0, 16, 4)) for code in plain]


def new_recovery_codes(deps: Deps, person: models.Person) -> list[str]:
    """Fresh ones; the former ones work no more."""
    with transaction.atomic():
        codes = _new_codes(person)
        journal.write(deps.clock.now(), "recovery_codes_made", subject=person.user.get_username())
    return codes


def _step_of(deps: Deps, secret: Secret | None, code: str) -> int | None:
    """The 30 seconds whose code this is, None: a wrong one."""
    if secret is None:
        return None
    totp = pyotp.TOTP(secret.reveal())
    present = totp.timecode(deps.clock.now())
    fitting = [
        step
        for step in range(present - DRIFT, present + DRIFT + 1)
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
    ]
    return max(fitting, default=None)


Checked = Literal["wrong", "code", "recovery"]


def bare(typed: str) -> str:
    """What a person typed, without the blanks and hyphens that make it readable."""
    return "".join(typed.split()).replace("-", "").lower()


def check(deps: Deps, person: models.Person, typed: str) -> Checked:
    """Whether this is a code of the phone, or one of the recovery codes. A right one is used up by this call."""
    code = bare(typed)
    if code.isdigit():
        step = _step_of(deps, deps.vault.get(_owner(person), "totp"), code)
        return "code" if step is not None and people.use_step(person, step) else "wrong"
    if people.use_recovery_code(person, code):
        left = str(people.recovery_codes_left(person))
        journal.write(
            deps.clock.now(), "recovery_code_used", subject=person.user.get_username(), placeholders={"left": left}
        )
        return "recovery"
    return "wrong"


def reset(deps: Deps, person: models.Person, by: str) -> None:
    """The phone is lost: there is no second factor any more. Sessions end; where buyers' data lies, logging in leads to
    a new one."""
    with transaction.atomic():
        deps.vault.forget(_owner(person))
        people.set_second_factor(person, None)
        journal.write(
            deps.clock.now(), "second_factor_reset", subject=person.user.get_username(), placeholders={"by": by}
        )
