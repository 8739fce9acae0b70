"""I say how I want to be reminded, which addresses are called, and that I take care of something."""

import base64
import re
import secrets
from datetime import time
from typing import Literal

from django.db import IntegrityError, transaction

from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.core.reminders import WEEK, Care
from forain.core.secret import Secret
from forain.flows import tell_people
from forain.flows.deps import Deps
from forain.store import issues, journal, letters, models, people, runs

TRIAL_EVERY_SECONDS = 60
"""One trial to one receiver in so long: a button pressed in anger fills no mailbox."""
Answer = Literal["later", "done", "undo"]


class Exists(Exception):
    """There is a webhook of that name."""


def set_mail(
    deps: Deps,
    person: models.Person,
    *,
    mail: str,
    second_mail: str,
    language: str,
    time_zone: str,
    quiet: tuple[time, time] | None,
    urgent_any_hour: bool,
) -> None:
    """Where, when and in which language a person wants to be reminded; `mail` "": not at all. All of it as it was checked.

    What an address would not take is tried again at a new one.
    """
    now = deps.clock.now()
    begins, ends = quiet or (None, None)
    with transaction.atomic():
        people.set_mail(
            person, mail, second_mail=second_mail, language=language, time_zone=time_zone, quiet_from=begins,
            quiet_until=ends, urgent_any_hour=urgent_any_hour,
        )  # fmt: skip
        receivers = (f"person:{person.pk}", f"person:{person.pk}/second")
        letters.try_again(receivers, now)
        issues.mended("mail_refused", *receivers)
        journal.write(now, "mail_set", subject=person.user.get_username())
        runs.force("house", now, ["tell_people"])


def add_webhook(deps: Deps, name: str, url: str, language: str, by: str) -> tuple[models.Webhook, Secret]:
    """(the new webhook, what signs its calls: told this once). Raises Exists."""
    now = deps.clock.now()
    secret = Secret("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())
    try:
        with transaction.atomic():
            row = models.Webhook.objects.create(name=name, url=url, language=language, created_at=now)
            deps.vault.put(f"webhook:{row.pk}", "secret", secret, now)
            journal.write(now, "webhook_added", placeholders={"by": by, "name": name})
            runs.force("house", now, ["tell_people"])
    except IntegrityError:
        raise Exists(name) from None
    return row, secret


def remove_webhook(deps: Deps, webhook: models.Webhook, by: str) -> None:
    """It is called no more, and its secret is forgotten."""
    now = deps.clock.now()
    with transaction.atomic():
        deps.vault.forget(f"webhook:{webhook.pk}")
        issues.forget_side(f"webhook:{webhook.pk}")
        journal.write(now, "webhook_removed", placeholders={"by": by, "name": webhook.name})
        webhook.delete()
    runs.poke("derive_issues", "house", now)


def try_it(deps: Deps, receiver: str) -> None:
    """Send a trial to "person:4" or "webhook:2", to see whether it arrives. Repeating within a minute changes nothing."""
    now = deps.clock.now()
    assert re.fullmatch(r"(person|webhook):\d+(/second)?", receiver)
    letter = models.Letter(
        topic=f"trial:{int(now.timestamp()) // TRIAL_EVERY_SECONDS}", mark="", code=tell_people.TRIAL, receiver=receiver,
        channel="webhook" if receiver.startswith("webhook:") else "mail", made_at=now, due_at=now,
    )  # fmt: skip
    with transaction.atomic():
        letters.make([letter])
        runs.force("house", now, ["tell_people"])


def take_care(deps: Deps, topic: str, account: AccountId | None, answer: Answer, by: str) -> Instant | None:
    """Somebody takes care of a topic ("later": remind in a week, "done": it was done elsewhere), or nobody does any more
    ("undo"). The answer is when it is reminded of again. Repeating moves the time."""
    now = deps.clock.now()
    again_at = now + WEEK if answer == "later" else None
    told = {"by": by, **({"date": again_at.isoformat()} if again_at else {})}
    with transaction.atomic():
        if answer == "undo":
            letters.no_care(topic)
            journal.write(now, "care_undone", account=account, placeholders=told)
        else:
            letters.take_care(topic, Care(by, now, again_at))
            if answer == "later":
                journal.write(now, "care_later", account=account, placeholders=told)
            else:
                journal.write(now, "care_done", account=account, placeholders=told)
        runs.force("house", now, ["tell_people"])
    return again_at
