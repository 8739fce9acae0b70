"""The application's client secret is renewed before it ends, through its queue, and nobody authorizes anew.

A new secret is written down before its message is deleted; a message may come again at any time, and changes nothing then.
"""

import logging
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.db import transaction

from forain.contracts.marketplace import Marketplace, NewSecret, SecretEnds
from forain.contracts.queue import Queue, QueueAddress
from forain.core import errors, rotation
from forain.core.authorization import Standing
from forain.core.clock import Instant
from forain.core.errors import Problem, Rejected
from forain.core.ids import AccountId, ApplicationId
from forain.core.rotation import Facts
from forain.core.secret import Secret
from forain.flows import authorize
from forain.flows.deps import Deps
from forain.net import sqs
from forain.net.addresses import well_formed
from forain.store import accounts, issues, journal, models, queues, runs
from forain.store.vault import VaultBroken

log = logging.getLogger("forain.rotation")

FLOW = "rotate_secret"
MOST_BATCHES = 20
"""So many times ten messages are read in one run; what lies beyond them is the next run's."""
SOON = timedelta(seconds=10)
"""A new secret needs a moment on its way."""
SEEN_AGAIN_AFTER = timedelta(minutes=2)
"""What was left in the queue is to be seen again by then: a reading so soon after another proves nothing of it."""
FINDINGS = ("rotation_unanswered", "rotation_refused", "new_secret_refused", "queue_refused", "queue_unreadable")


def key_owner(application: models.Application) -> str:
    """The name under which the vault keeps the key of the application's queue: no adapter is given it."""
    return f"queue:{application.pk}"


def offers_rotation(deps: Deps, application: models.Application) -> bool:
    """The marketplace renews secrets through a queue."""
    return "secret_rotator" in deps.open.marketplace_manifest(application.marketplace).capabilities


def facts_of(application: models.Application, queue: models.SecretQueue | None) -> Facts:
    """What is stored, as a value of core."""
    asked_at = queue.asked_at if queue else None
    return Facts(application.secret_issued_at, application.secret_expires_at, asked_at, application.secret_estimated)


# -- what a person sets


def set_queue(deps: Deps, application: models.Application, address: QueueAddress, key: Secret, by: str) -> None:
    """From now on new secrets come through this queue; tried before it is kept. Safe to repeat.

    Raises what the trial raises, and Rejected: address_wrong, queue_not_https, queue_fifo, queue_region_missing.
    """
    address = _checked(address)
    if not offers_rotation(deps, application):
        raise Rejected([Problem("rotation_not_offered")], "rotation_not_offered")
    deps.open.queue(application, address, key).check()
    now, number = deps.clock.now(), ApplicationId(application.pk)
    with transaction.atomic():
        deps.vault.put(key_owner(application), "secret_access_key", key, now)
        known = queues.get(number) is not None
        queues.keep(number, address, now)
        end = _fresh(application).superseded_at
        if not known and end is not None and now < end + rotation.SURE_AFTER:
            queues.note(number, asked_at=end - _overlap(deps, application))
        runs.ensure(FLOW, authorize.application_owner(application), now)
        runs.force(authorize.application_owner(application), now)
        _mended(application, "queue_refused", "queue_unreadable", "rotation_refused")
        _tell(application, "queue_set", now, by=by, queue=address.url)


def _checked(address: QueueAddress) -> QueueAddress:
    """The address with its region. The answers of a queue hold secrets: they are read over TLS, or on this machine."""
    if not well_formed(address.url):
        raise Rejected([Problem("address_wrong", field="url")], "address_wrong")
    parts = urlsplit(address.url)
    if parts.scheme != "https" and not _this_machine(parts.hostname or ""):
        raise Rejected([Problem("queue_not_https", field="url")], "queue_not_https")
    if parts.path.endswith(".fifo"):
        raise Rejected([Problem("queue_fifo", field="url")], "queue_fifo")
    region = address.region or sqs.region_of(address.url)
    if not region:
        raise Rejected([Problem("queue_region_missing", field="region")], "queue_region_missing")
    return QueueAddress(address.url, region, address.access_key_id)


def _this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@transaction.atomic
def remove_queue(deps: Deps, application: models.Application, by: str) -> None:
    """New secrets are entered by hand again. Safe to repeat."""
    now, number = deps.clock.now(), ApplicationId(application.pk)
    row = queues.get(number)
    if row is None:
        return
    since = facts_of(row.application, row).awaited_since
    if since is not None:
        # If it was made, the present one ends all the same; and who sets up a queue again is not to ask a second time.
        end = since + _overlap(deps, application)
        models.Application.objects.filter(pk=number, secret_no=row.application.secret_no).update(superseded_at=end)
    queues.forget(number)
    deps.vault.forget(key_owner(application))
    runs.forget(authorize.application_owner(application))
    issues.forget_side(key_owner(application))
    _mended(application, *FINDINGS)
    _tell(application, "queue_removed", now, by=by)


def ask_now(deps: Deps, application: models.Application, by: str) -> None:
    """A person wants another secret at once. Raises what asking raises, and Rejected: queue_missing, rotation_awaited,
    account_missing. rotation_awaited also while the last one that came has not answered yet."""
    now = deps.clock.now()
    row = queues.get(ApplicationId(application.pk))
    if row is None:
        raise Rejected([Problem("queue_missing")], "queue_missing")
    may = rotation.may_ask(facts_of(row.application, row), _overlap(deps, application), now)
    if not may or row.application.unproven_since is not None:
        raise Rejected([Problem("rotation_awaited")], "rotation_awaited")
    speaker = _speaker(application)
    if speaker is None:
        raise Rejected([Problem("account_missing")], "account_missing")
    # Never without having seen that the answer can be read.
    _queue(deps, row).check()
    _ask(deps, row, deps.open.marketplace(speaker), now, by)
    runs.force(authorize.application_owner(application), now + SOON)


# -- the line of the timetable


def rotate_secret(deps: Deps, application: models.Application) -> Instant:
    """Read the queue; take what came; ask for a new secret where the present one nears its end. The answer: when next.

    Raises what says nothing about the queue or the application: Unreachable, ServerFault, Throttled.
    """
    now, number = deps.clock.now(), ApplicationId(application.pk)
    row, speaker = queues.get(number), _speaker(application)
    if row is None or speaker is None:
        return now + rotation.READ_EVERY
    overlap = _overlap(deps, application)
    try:
        queue = _queue(deps, row)
        _read(deps, row, queue, deps.open.marketplace(speaker))
    except errors.AdapterError as error:
        # That the present secret may end is told also where the queue stays away until then.
        application = _fresh(application)
        _unanswered(application, speaker, facts_of(application, row), overlap, now)
        if not isinstance(error, Rejected):
            raise
        # A new secret is not asked for where its message could not be read.
        issues.found("queue_refused", _place(speaker), now, account=speaker.pk, placeholders={"error": str(error)})
        runs.poke("derive_issues", "house", now)
        return rotation.next_reading(facts_of(application, row), unproven=False, now=now)
    _mended(application, "queue_refused")
    queues.note(number, read_at=now)
    application = _fresh(application)
    if application.unproven_since is not None:
        _prove(deps, application, speaker, now)
        application = _fresh(application)
    if application.unproven_since is None:
        _mended(application, "new_secret_refused")
    facts = facts_of(application, row)
    if facts.awaited_since is not None and rotation.may_ask(facts, overlap, now) and application.refused_at is None:
        # The present secret has outlived its day: no other one was made.
        queues.end_asking(number, row.asked_at)
        row.asked_at = None
        facts = facts_of(application, row)
    _unanswered(application, speaker, facts, overlap, now)
    wanted = rotation.due(facts, now) and rotation.may_ask(facts, overlap, now)
    if wanted and application.unproven_since is None and application.refused_at is None:
        try:
            _ask(deps, row, deps.open.marketplace(speaker), now, "")
        except (Rejected, errors.AppRefused, *authorize.ABOUT_GRANT) as error:
            told = {"error": str(error)}
            issues.found("rotation_refused", _place(speaker), now, account=speaker.pk, placeholders=told)
            runs.poke("derive_issues", "house", now)
            return now + rotation.REFUSED_PAUSE
        facts = facts_of(application, queues.get(number))
    return rotation.next_reading(facts, application.unproven_since is not None, now)


def _queue(deps: Deps, row: models.SecretQueue) -> Queue:
    """Raises Rejected "queue_key_refused" where the key cannot be read any more: it is to be entered anew."""
    try:
        key = deps.vault.get(key_owner(row.application), "secret_access_key") or Secret("")
    except VaultBroken as error:
        raise Rejected([Problem("vault", str(error))], "queue_key_refused") from None
    return deps.open.queue(row.application, queues.address_of(row), key)


def _read(deps: Deps, row: models.SecretQueue, queue: Queue, adapter: Marketplace) -> None:
    """Take every message that is ours. What is not, or cannot be read, stays in the queue and holds nothing up.

    (Another application's new secret stands nowhere else, and so may do the one in a message we cannot read.)
    """
    application, now = row.application, deps.clock.now()
    unreadable: list[tuple[str, str]] = []
    undeleted: Rejected | None = None
    for _ in range(MOST_BATCHES):
        messages = queue.receive()
        if not messages:
            break
        for message in messages:
            try:
                news = adapter.secret_news(message.body)
            except errors.Malformed as error:
                unreadable.append((message.message_id, error.field))
                continue
            if news is None or news.client_id != application.client_id:
                continue
            _take(deps, application, news)
            try:
                queue.delete(message)
            except Rejected as error:
                undeleted = undeleted or error
    _note_unreadable(row, unreadable, now)
    if undeleted is not None:
        raise undeleted


def _note_unreadable(row: models.SecretQueue, unreadable: list[tuple[str, str]], now: Instant) -> None:
    application = row.application
    speaker = _speaker(application)
    if unreadable and speaker is not None:
        message, field = unreadable[0]
        told = {"count": str(len(unreadable)), "message": message[:100], "field": field}
        if issues.found("queue_unreadable", _place(speaker), now, account=speaker.pk, placeholders=told):
            log.warning("application=%s message=%s of its queue cannot be read: %s", application.pk, message, field)
            runs.poke("derive_issues", "house", now)
    elif row.read_at is not None and now - row.read_at >= SEEN_AGAIN_AFTER:
        _mended(application, "queue_unreadable")


def _take(deps: Deps, application: models.Application, news: NewSecret | SecretEnds) -> None:
    """Write down what a message says. Safe to repeat, in any order."""
    now, number = deps.clock.now(), ApplicationId(application.pk)
    with transaction.atomic():
        row = models.Application.objects.select_for_update().get(pk=application.pk)
        if isinstance(news, SecretEnds):
            # Of the secret that was in force when it was told; what is told of a former one says nothing of ours.
            if row.secret_issued_at is None or news.told_at >= row.secret_issued_at:
                models.Application.objects.filter(pk=number).update(secret_expires_at=news.at, secret_estimated=False)
            return
        stored = authorize.stored_secrets(deps, row)
        same = news.secret == stored.get("client_secret")
        facts = facts_of(row, None if news.secret == stored.get(authorize.FORMER) else queues.get(number))
        match rotation.judge(same, news.expires_at, facts, now):
            case "old":
                return
            case "date":
                models.Application.objects.filter(pk=number).update(
                    secret_expires_at=news.expires_at, secret_estimated=False, former_until=news.former_until,
                    superseded_at=None,
                )  # fmt: skip
            case "keep":
                until, end = news.former_until, news.expires_at
                authorize.keep_secret(deps, row, news.secret, now, ends_at=end, former_until=until, proven=False)
                _mended(row, "rotation_unanswered", "rotation_refused")
                _tell(row, "secret_rotated", now, by="queue", cause="queue", date=news.expires_at.isoformat())
                for account in row.accounts.order_by("pk"):
                    runs.force(f"account:{account.pk}", now, ["probe"])


def _prove(deps: Deps, application: models.Application, speaker: models.Account, now: Instant) -> None:
    """Whether the marketplace knows the new secret by now. Until it does, the former one is used, as long as it lives."""
    secret = authorize.secret_kept(deps, application)
    if secret is None or application.unproven_since is None:
        return
    try:
        deps.open.marketplace(speaker, client_secret=secret).probe()
    except errors.AppRefused as error:
        if now - application.unproven_since >= rotation.UNANSWERED_AFTER:
            until = application.former_until.isoformat() if application.former_until else ""
            told = {"error": str(error), "date": until}
            issues.found("new_secret_refused", _place(speaker), now, account=speaker.pk, placeholders=told)
            runs.poke("derive_issues", "house", now)
        return
    except authorize.ABOUT_GRANT:
        pass
    except errors.AdapterError:
        return  # It proves nothing.
    rows = models.Application.objects.filter(pk=application.pk, secret_no=application.secret_no)
    if rows.update(unproven_since=None):
        _mended(application, "new_secret_refused")
        for account in application.accounts.order_by("pk"):
            runs.force(f"account:{account.pk}", now, ["probe"])


def _unanswered(
    application: models.Application, speaker: models.Account, facts: Facts, overlap: timedelta, now: Instant
) -> None:
    """Where no new secret came: if one was made, the present one ends with the overlap, and people are told of that end."""
    rows = models.Application.objects.filter(pk=application.pk, secret_no=application.secret_no)
    since = facts.awaited_since
    if since is None and application.superseded_at is not None:
        rows.update(superseded_at=None)
    if since is None or not rotation.unanswered(facts, now):
        _mended(application, "rotation_unanswered")
        return
    end = since + overlap
    with transaction.atomic():
        told = {"since": since.isoformat(), "date": end.isoformat()}
        if issues.found("rotation_unanswered", _place(speaker), now, account=speaker.pk, placeholders=told):
            _tell(application, "rotation_unanswered", now, date=end.isoformat())
        if application.superseded_at != end:
            rows.update(superseded_at=end)
        runs.poke("derive_issues", "house", now)


def _ask(deps: Deps, row: models.SecretQueue, adapter: Marketplace, now: Instant, by: str) -> None:
    """Ask once. That it is asked is noted first: who dies in between waits for an answer, and harms nothing by it."""
    application, number = row.application, ApplicationId(row.application_id)
    if not queues.begin_asking(number, row.asked_at, now):
        return
    try:
        adapter.ask_for_secret()
    except errors.NotSent:
        queues.note(number, asked_at=None)
        raise
    except (errors.Unreachable, errors.ServerFault) as error:
        # Perhaps it was carried out: the secret comes or does not.
        log.warning("application=%s whether a new client secret was asked for is not known: %s", application.pk, error)
    except errors.AdapterError:
        queues.note(number, asked_at=None)
        raise
    with transaction.atomic():
        # What an earlier one left in doubt is clear by now (`rotation.may_ask`).
        models.Application.objects.filter(pk=application.pk).update(superseded_at=None)
        _mended(application, "rotation_refused")
        _tell(application, "secret_asked", now, by=by)


# -- small things


def _speaker(application: models.Application) -> models.Account | None:
    """The account through which the application speaks: any that is connected will do, the first is taken."""
    rows = application.accounts.exclude(standing=Standing.NONE.value).order_by("pk")
    first = rows.values_list("pk", flat=True).first()
    return None if first is None else accounts.get(AccountId(first))


def _fresh(application: models.Application) -> models.Application:
    return models.Application.objects.get(pk=application.pk)


def _overlap(deps: Deps, application: models.Application) -> timedelta:
    manifest = deps.open.marketplace_manifest(application.marketplace)
    return manifest.kind(application.kind).secret_overlap or timedelta(0)


def _place(account: models.Account) -> str:
    return f"account:{account.pk}/rotation"


def _mended(application: models.Application, *codes: str) -> None:
    """It is no longer so, on whichever account's page it stood."""
    places = [f"account:{pk}/rotation" for pk in application.accounts.values_list("pk", flat=True)]
    for code in codes:
        issues.mended(code, *places)


def _tell(application: models.Application, code: str, now: Instant, **told: str) -> None:
    """In the journal of each of its accounts."""
    with journal.chain():
        for account in application.accounts.order_by("pk"):
            journal.write(now, code, account=AccountId(account.pk), placeholders={k: v for k, v in told.items() if v})
        runs.poke("derive_issues", "house", now)
