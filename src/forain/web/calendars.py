"""The ends as a calendar, for whatever calendar program the merchant looks at anyway."""

from datetime import timedelta

from icalendar import Alarm, Calendar, Event

from forain.core.clock import Instant
from forain.core.forecast import End
from forain.web import words

ALARMS = tuple(timedelta(days=days) for days in (60, 30, 14, 7, 1))
"""So long before the end a calendar program that heeds alarms says so."""
LOOK_AGAIN = timedelta(hours=12)
"""How often a calendar program is asked to look again."""


def calendar(ends: list[End], language: str, address: str, now: Instant) -> bytes:
    """The calendar's text. `address`: of the house, in front of the pages' paths.

    An end that moves keeps no event behind: each is named by what ends and when.
    """
    found = Calendar()
    found.add("prodid", "-//Forain//Authorizations//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", words.say(language, "calendar.name"))
    found.add("refresh-interval", LOOK_AGAIN, parameters={"VALUE": "DURATION"})
    for end in ends:
        if end.at is not None:
            found.add_component(_event(end, end.at, language, address, now))
    return bytes(found.to_ical())


def _event(end: End, at: Instant, language: str, address: str, now: Instant) -> Event:
    day = words.local(at).date()
    title = words.say(
        language, f"calendar.{end.clock}", {"name": end.name, "estimated": words.guess(language, end.estimated)}
    )
    names = ", ".join(end.stops)
    who = words.who_acts(language, end.marketplace, end.who)
    otherwise = words.say(language, f"forecast.stops_{end.clock}", {"names": names})
    page = f"{address}/accounts/{end.account}#{'secret' if end.clock == 'secret' else 'renew'}"
    event = Event()
    event.add("uid", f"{end.clock}-{end.account}-{day:%Y%m%d}@forain")
    event.add("dtstamp", now)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", title)
    event.add("description", f"{who}\n{words.say(language, 'forecast.otherwise')}: {otherwise}\n{page}")
    event.add("url", page)
    event.add("transp", "TRANSPARENT")
    for before in ALARMS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", -before)
        event.add_component(alarm)
    return event
