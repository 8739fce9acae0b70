"""I am told in time: reminders by mail and webhook, each once, until somebody takes care of it.

What is to be told is put into the outbox first (a unique key for each step, receiver and channel), then sent, then noted
as sent. A process that dies between sending and noting sends it again, with the same Message-ID or webhook-id: nothing is
told less than once, and a receiver that heeds these hears it once.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.db import transaction

from forain.contracts.net import Request
from forain.core import authorization, errors, reminders, retry
from forain.core.clock import Instant, format_instant
from forain.core.landing import Stage
from forain.core.people import Right
from forain.core.plain import one_line
from forain.core.reminders import Care, Matter, Occasion, QuietHours, Trouble
from forain.core.secret import Secret
from forain.flows.deps import Deps, Mailer, Wording
from forain.flows.look_ahead import every_end, every_trouble
from forain.store import issues, journal, letters, models, people
from forain.store.vault import VaultBroken

log = logging.getLogger("forain.flows")

EVERY = timedelta(minutes=1)
NOBODY_EVERY = timedelta(hours=1)
"""While there is nobody to tell; whoever gives the first address has it looked at once."""
SOONEST = timedelta(seconds=5)
AT_MOST = timedelta(minutes=3)
"""A run ends after so long and goes on with the next one: a slow mail server holds no line beyond its lease."""
TRIAL = "trial"
"""The code of a letter that somebody asked for to see whether it arrives."""
ONLY_THIS = ("mail_put_off", "mail_refused")
"""What a mail server says of one mail: it speaks of no other."""


@dataclass(frozen=True, slots=True)
class Receivers:
    """Whom there is to tell, by the name a letter has for them. `by_mail`: (person, address)."""

    by_mail: Mapping[str, tuple[models.Person, str]]
    called: Mapping[str, models.Webhook]


def tell_people(deps: Deps, _: None = None) -> Instant:
    """Put out and send what is to be told now; the answer is when to look again. Safe to repeat and to break off."""
    begun = deps.clock.now()
    if deps.mail is None:
        issues.forget_side("mail")
    found: list[Matter] = [*reminders.occasions(every_end(begun), begun), *every_trouble(begun)]
    clock = reminders.our_clock(issues.hours(), begun)
    if clock == "right":
        # Only by a clock that is: to one that is behind, all that was ever told lies ahead.
        letters.forget_ahead(begun + authorization.TOLD_AHEAD, reminders.DATED, begun)
    if clock == "wrong":
        # Of no date: it may be months away, or past. What is due then is told once the clock is right.
        found = [one for one in found if one.code not in reminders.DATED]
    receivers = _receivers(deps)
    _put_out(deps, found, receivers, begun)
    if not receivers.by_mail and not receivers.called:
        return begun + NOBODY_EVERY
    told = {one.topic: one for one in found}
    put_off: dict[str, Instant] = {}
    for letter in letters.waiting():
        now = deps.clock.now()
        if now - begun > AT_MOST:
            return now
        if letter.due_at > now:
            break
        if letter.topic not in told and letter.code != TRIAL:
            # Put out by another worker after this one had looked: the next run sends it.
            continue
        side = _side(letter)
        if side in put_off:
            # The one before it found nobody there: the others are not tried on the same door.
            letters.put_off([letter.pk], put_off[side])
            continue
        until = _quiet_until(letter, told.get(letter.topic), receivers, now)
        if clock == "unheard" and until is None:
            until = _unheard_until(letter, told.get(letter.topic), now)
        if until is not None:
            letters.put_off([letter.pk], until)
        elif (failed_until := _send(deps, letter, told.get(letter.topic), receivers)) is not None:
            put_off[side] = failed_until
    now = deps.clock.now()
    soonest = min((letter.due_at for letter in letters.waiting()), default=now + EVERY)
    return min(max(soonest, now + SOONEST), now + EVERY)


def _receivers(deps: Deps) -> Receivers:
    by_mail = {}
    for person in people.with_mail(Right.SEE) if deps.mail else ():
        by_mail[f"person:{person.pk}"] = (person, person.user.email)
        if person.second_mail:
            by_mail[f"person:{person.pk}/second"] = (person, person.second_mail)
    return Receivers(by_mail, {f"webhook:{row.pk}": row for row in letters.webhooks()})


def _put_out(deps: Deps, found: list[Matter], receivers: Receivers, now: Instant) -> None:
    """Make the outbox hold what is to be told now: what is missing is put in, what is past is taken out unsent."""
    cares = letters.cares()
    known = {_key(letter): letter for letter in letters.of(one.topic for one in found)}
    wanted: dict[tuple[str, str, str, str], Matter] = {}
    for one in found:
        wanted |= dict.fromkeys(_wanted(one, cares.get(one.topic), known, receivers, now), one)
    missing = [key for key in wanted if key not in known]
    letters.make(_letter(key, wanted[key].code, now) for key in missing)
    letters.revive(known[key].pk for key in wanted if key in known and known[key].over == "past")
    there = set(receivers.by_mail) | set(receivers.called)
    past = [
        letter.pk
        for letter in letters.waiting()
        if letter.receiver not in there or (letter.code != TRIAL and _key(letter) not in wanted)
    ]
    if past:
        letters.end(past, "past")


def _key(letter: models.Letter) -> tuple[str, str, str, str]:
    return letter.topic, letter.mark, letter.channel, letter.receiver


def _letter(key: tuple[str, str, str, str], code: str, now: Instant) -> models.Letter:
    topic, mark, channel, receiver = key
    return models.Letter(
        topic=topic, mark=mark, channel=channel, receiver=receiver, code=code, made_at=now, due_at=now
    )  # fmt: skip


def _wanted(
    one: Matter,
    care: Care | None,
    known: Mapping[tuple[str, str, str, str], models.Letter],
    receivers: Receivers,
    now: Instant,
) -> list[tuple[str, str, str, str]]:
    """The letters there have to be of this occasion. A second address only once the first was told for long enough, or
    does not take mail, and nobody takes care."""
    cared = reminders.silent(one, care, now)
    if cared and not (isinstance(one, Occasion) and one.announces_landing):
        return []
    mark = reminders.mark(one, care, now)
    found = [(one.topic, mark, "webhook", receiver) for receiver in receivers.called]
    for receiver in receivers.by_mail:
        first, bar, _ = receiver.partition("/")
        if bar and cared:
            continue
        if bar:
            told = known.get((one.topic, mark, "mail", first))
            since = told and (told.sent_at or (told.made_at if told.over == "refused" else None))
            if not since or one.escalates_after is None or now - since < one.escalates_after:
                continue
        found.append((one.topic, mark, "mail", receiver))
    return found


def _side(letter: models.Letter) -> str:
    """Whose illness it is when it does not go: the one mail server's, or this webhook's."""
    return "mail" if letter.channel == "mail" else letter.receiver


def _quiet_until(letter: models.Letter, one: Matter | None, receivers: Receivers, now: Instant) -> Instant | None:
    """Until when the receiver wants no mail; None: now is fine. Decided when it is sent, so that a change counts at once."""
    if letter.channel != "mail" or one is None or letter.receiver not in receivers.by_mail:
        return None
    person, _ = receivers.by_mail[letter.receiver]
    if person.quiet_from is None or person.quiet_until is None or (one.critical and person.urgent_any_hour):
        return None
    return QuietHours(person.quiet_from, person.quiet_until, person.time_zone or "UTC").until(now)


def _unheard_until(letter: models.Letter, one: Matter | None, now: Instant) -> Instant | None:
    """When to look again whether our clock is right, before people are told of a date by it; None: do not wait."""
    dated = one is not None and one.code in reminders.DATED
    return now + EVERY if dated and now - letter.made_at < reminders.UNHEARD_HOLDS else None


def _send(deps: Deps, letter: models.Letter, one: Matter | None, receivers: Receivers) -> Instant | None:
    """Send one letter. None: it went, or it alone did not; else until when its side is not to be tried again."""
    claim = letters.claim(letter, deps.clock.now())
    if claim is None:
        return None
    try:
        if letter.channel == "mail":
            assert deps.mail is not None
            name = _mail(deps, deps.mail, letter, one, receivers)
        else:
            name = _call(deps, letter, one, receivers.called[letter.receiver])
    except errors.AdapterError as error:
        return _failed(deps, letter, receivers, claim, error)
    now = deps.clock.now()
    with transaction.atomic():
        letters.sent(letter, now)
        told = {"name": name, "issue": one.code, **_dates(one, now)} if one else {"name": name}
        account = one.account if one else None
        if letter.channel == "mail":
            journal.write(now, "reminder_mailed", account=account, placeholders=told)
        else:
            journal.write(now, "reminder_called", account=account, placeholders=told)
        issues.side_answers(_side(letter), now)
        issues.mended("mail_refused", letter.receiver)
        letters.told_after_all(letter.receiver, now)
    return None


def _dates(one: Matter, now: Instant) -> dict[str, str]:
    """What fills the sentence of its issue."""
    if isinstance(one, Trouble):
        return {**one.placeholders, "subject": one.name}
    at = one.end.stopped_at if one.code == "authorization_revoked" else one.end.at
    return {
        "date": at.isoformat() if at else "",
        "days": str(max(one.end.days_left(now) or 0, 0)),
        "cause": one.end.cause,
        "estimated": "yes" if one.end.estimated else "",
    }


def _failed(
    deps: Deps, letter: models.Letter, receivers: Receivers, claim: Instant, error: errors.AdapterError
) -> Instant | None:
    """Note that it did not go, as the retry table says."""
    now = deps.clock.now()
    answer = retry.verdict(error, letter.attempt + 1, now, deps.jitter())
    if isinstance(error, errors.Rejected) and error.code == "mail_refused":
        person, _ = receivers.by_mail[letter.receiver]
        told = {"name": person.user.get_username(), "error": str(error)}
        with transaction.atomic():
            letters.end([letter.pk], "refused", str(error))
            issues.found("mail_refused", letter.receiver, now, placeholders=told)
        return None
    # Nobody tells us when an address or a setting is mended: what else stops is asked again now and then.
    at = answer.at if isinstance(answer, retry.Again) else now + retry.LONGEST_PAUSE
    letters.failed(letter, claim, str(error), at, attempt=not isinstance(answer, retry.Again) or answer.attempt)
    if error.code in ONLY_THIS:
        return None
    if issues.side_fails(_side(letter), str(error), now):
        log.warning("side=%s does not take reminders: %s", _side(letter), error)
    return at


def _mail(deps: Deps, mail: Mailer, letter: models.Letter, one: Matter | None, receivers: Receivers) -> str:
    """Hand over a mail; the answer is whom it told."""
    person, address = receivers.by_mail[letter.receiver]
    name = person.user.get_username()
    second = "/" in letter.receiver
    now = deps.clock.now()
    words = deps.write(one, person.language, deps.public_url, now, name if second else "")
    # A long subject is not folded: Python leaves its first line empty then, which not every program reads well.
    message = EmailMessage(policy=SMTP.clone(max_line_length=200) if words.title.isascii() else SMTP)
    message["From"] = mail.sender
    message["To"] = address
    message["Subject"] = one_line(words.title)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{letters.identity(letter)}@{mail.domain}>"
    # No answering machine answers it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(words.text, cte="quoted-printable")
    mail.send(address, message.as_bytes())
    return f"{name} (2)" if second else name


def _call(deps: Deps, letter: models.Letter, one: Matter | None, webhook: models.Webhook) -> str:
    """Call a webhook; the answer is whom it told. Only 2xx means that it took it."""
    now = deps.clock.now()
    words = deps.write(one, webhook.language, deps.public_url, now)
    body = json.dumps(_told(letter, one, words, now), ensure_ascii=False).encode()
    secret = _secret(deps, webhook)
    identity, stamp = f"msg_{letters.identity(letter)}", str(int(now.timestamp()))
    headers = {
        "content-type": "application/json",
        "webhook-id": identity,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(secret, identity, stamp, body),
    }
    request = Request("remind", "POST", webhook.url, headers=headers, json=body, authorized=False, timeout_seconds=15)
    answer = deps.open.webhook(webhook).send(request)
    if not 200 <= answer.status < 300:
        raise errors.ServerFault("webhook_not_taken", placeholders={"status": str(answer.status)})
    return webhook.name


def _secret(deps: Deps, webhook: models.Webhook) -> Secret:
    """What signs its calls. One that is lost (another vault.key) holds up no other letter, and nothing goes out unsigned."""
    with contextlib.suppress(VaultBroken):
        secret = deps.vault.get(f"webhook:{webhook.pk}", "secret")
        if secret:
            return secret
    raise errors.ServerFault("webhook_secret_lost")


def signature(secret: Secret, identity: str, stamp: str, body: bytes) -> str:
    """What proves to a webhook who calls: HMAC-SHA256 of identity, time stamp and body, as "Standard Webhooks" has it, so
    that receivers find it in a library.

    Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, as quoted by several receivers'
    documentations, read on 2026-11-29.
    """
    key = base64.b64decode(secret.reveal().removeprefix("whsec_"))
    signed = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _told(letter: models.Letter, one: Matter | None, words: Wording, now: Instant) -> dict[str, object]:
    """The body for a webhook. `text` at its head is what chat programs show of what they are sent."""
    told: dict[str, object] = {"page": words.page}
    if isinstance(one, Trouble):
        told |= {"accounts": [one.name] if one.name else [], "step": one.step, "since": format_instant(one.since)}
    elif one is not None:
        can_land = one.end.landing is not Stage.HELD
        told |= {
            "clock": one.end.clock,
            "accounts": list(one.end.stops),
            "step": one.step,
            "days_left": one.end.days_left(now),
            "ends_at": format_instant(one.end.at) if one.end.at else None,
            "estimated": one.end.estimated,
            "stopped_since": format_instant(one.end.stopped_at) if one.end.stopped_at else None,
            "by_hand": list(words.by_hand),
            "lands_at": format_instant(one.end.lands_at) if one.end.lands_at and can_land else None,
        }
    return {"type": letter.code, "timestamp": format_instant(now), "text": words.title, "data": told}
