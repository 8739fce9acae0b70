"""What a reminder says, in its receiver's language. Named in the settings, since the flows that send it stand below the pages."""

from dataclasses import replace

from django.urls import reverse

from forain.core import authorization
from forain.core.clock import Instant
from forain.core.forecast import End
from forain.core.landing import ANNOUNCE_DAYS, Stage
from forain.core.reminders import Matter, Trouble
from forain.flows.deps import Wording
from forain.store import models
from forain.web import words
from forain.web.notices import cure


def write(occasion: Matter | None, language: str, public_url: str, now: Instant, instead_of: str = "") -> Wording:
    """See `flows.deps.Writer`. Accounts by name, days and addresses of our own pages: nothing of orders or buyers."""

    def say(key: str, **values: object) -> str:
        return words.tell(language, key, values)

    if occasion is None:
        settings = f"{public_url}/me#reminders"
        return Wording(say("letter.trial"), f"{say('letter.trial_text')}\n\n{settings}\n", settings)
    if isinstance(occasion, Trouble):
        return _of_trouble(occasion, language, public_url, instead_of)
    end = occasion.end
    names = ", ".join(end.stops)
    date = end.stopped_at if occasion.code == "authorization_revoked" else end.at
    left = end.days_left(now)
    sentence = say(
        f"issue.{occasion.code}",
        date=date.isoformat() if date else "",
        days=str(max(left, 0)) if left is not None else "",
        cause=end.cause,
        estimated="yes" if end.estimated else "",
    )
    title = say("letter.title", names=names, text=sentence)
    page = f"{public_url}/accounts/{end.account}#{'secret' if end.clock == 'secret' else 'renew'}"
    what = say(f"forecast.{'stopped' if occasion.critical else 'stops'}_{end.clock}", names=names)
    by_hand = tuple(
        f"{public_url}{reverse('by_hand', kwargs={'number': number})}" for number in end.accounts if occasion.critical
    )
    lines = [
        title,
        say("letter.instead_of", name=instead_of) if instead_of else "",
        say(f"cure.{occasion.code}", cause=end.cause),
        _landing(end, language, now),
        say("letter.page", address=page),
        # What renews a permission mends none of these.
        ""
        if end.cause in authorization.DENIALS
        else say("letter.who", text=words.who_acts(language, end.marketplace, end.who)),
        say("letter.now" if occasion.critical else "letter.otherwise", text=what),
        say("letter.by_hand", address=" ".join(by_hand)) if by_hand else "",
    ]
    return replace(_wording(title, lines, page, language, public_url), by_hand=by_hand)


def _of_trouble(one: Trouble, language: str, public_url: str, instead_of: str) -> Wording:
    """The sentence, the cure and the button's page of the notice it stands in."""
    told = {**one.placeholders, "subject": one.name}
    names = one.name or words.say(language, "app.name")
    text = words.tell(language, f"issue.{one.code}", told)
    title = words.say(language, "letter.title", {"names": names, "text": text})
    notice = models.Notice(
        code=one.code, subject=one.subject, placeholders=dict(one.placeholders), account_id=one.account
    )
    page = f"{public_url}{cure(notice).url}"
    lines = [
        title,
        words.say(language, "letter.instead_of", {"name": instead_of}) if instead_of else "",
        words.tell(language, f"cure.{one.code}", told),
        words.say(language, "letter.page", {"address": page}),
    ]
    return _wording(title, lines, page, language, public_url)


def _wording(title: str, lines: list[str], page: str, language: str, public_url: str) -> Wording:
    lines = [
        *lines,
        words.say(language, "letter.care", {"address": f"{public_url}/issues"}),
        f"-- \n{words.say(language, 'letter.why', {'address': f'{public_url}/me#reminders'})}",
    ]
    return Wording(title, "\n\n".join(line for line in lines if line) + "\n", page)


def _landing(end: End, language: str, now: Instant) -> str:
    """What becomes of the quantities before the end, from the first day of its announcement on; "" where nothing does.

    A letter of that day is not silent because it goes out before the announcement is in the journal.
    """
    stage, left = end.landing, end.days_left(now)
    if stage is Stage.AHEAD and left is not None and left <= ANNOUNCE_DAYS[0]:
        stage = Stage.ANNOUNCED
    if end.lands_at is None or stage not in (Stage.ANNOUNCED, Stage.UNDER_WAY, Stage.HELD):
        return ""
    return words.tell(language, f"letter.landing_{stage.value}", {"date": end.lands_at.isoformat()})
