"""Controls of the clock, misfortunes, mails, queues, and the log of requests."""

import msgspec

from forain_box import faults, notify
from forain_box.clock import text
from forain_box.control import shown
from forain_box.control.bodies import ClockMove, NewFault, Received
from forain_box.control.call import Control, find
from forain_box.http import Response
from forain_box.state import Fault
from forain_box.world import Refusal, World


def _state(world: World) -> Response:
    return Response.json(shown.state(world))


def _clock_now(world: World) -> Response:
    return Response.json({"now": text(world.now()), "kind": world.clock.kind, "speed": world.clock.speed})


def _clock(world: World, told: ClockMove) -> Response:
    try:
        if told.speed is not None:
            world.clock.run(told.speed)
        world.clock.advance(told.advance_seconds)
    except (ValueError, OverflowError) as wrong:
        raise Refusal(str(wrong)) from None
    world.settle()
    return Response.json({"now": text(world.now())})


def _new_fault(world: World, told: NewFault) -> Response:
    if told.kind not in faults.KINDS:
        raise Refusal(f"kind is one of {', '.join(faults.KINDS)}")
    world.state.faults.append(Fault(**msgspec.structs.asdict(told)))
    return Response.json({"faults": len(world.state.faults)}, 201)


def _mend(world: World) -> Response:
    world.state.faults.clear()
    world.state.omitted.clear()
    return Response.json({"faults": 0})


def _requests(world: World) -> Response:
    return Response.json([{k: v for k, v in row.items() if k != "answer"} for row in world.requests])


def _mails(world: World) -> Response:
    return Response.json([{**msgspec.to_builtins(m), "at": text(m.at)} for m in world.state.mails])


def _messages(world: World, name: str) -> Response:
    """What lies in the queue of a destination, oldest first."""
    destination = find(world.state.destinations, name, "destination")
    found = [m for m in notify.kept(world) if m.destination_id == destination.destination_id]
    return Response.json([{"message_id": m.message_id, "at": text(m.at), "body": m.body} for m in found])


def _received(world: World, name: str, told: Received) -> Response:
    """The consumer is done with these: a queue keeps what nobody deleted, and gives it again."""
    number, gone = find(world.state.destinations, name, "destination").destination_id, set(told.message_ids)
    before = len(world.state.messages)
    world.state.messages[:] = [
        m for m in world.state.messages if m.destination_id != number or (gone and m.message_id not in gone)
    ]
    return Response.json({"deleted": before - len(world.state.messages)})


CONTROLS = (
    Control("GET", "state", None, _state, "Everything countable, without secrets"),
    Control("GET", "clock", None, _clock_now, "The box's time"),
    Control("POST", "clock", ClockMove, _clock, "Move the clock forward, or let a real one run faster"),
    Control("POST", "faults", NewFault, _new_fault, "A misfortune, by operation, seller, probability and count"),
    Control("DELETE", "faults", None, _mend, "No misfortunes any more"),
    Control("GET", "requests", None, _requests, "The requests received, without secrets"),
    Control("GET", "mails", None, _mails, "Mails Amazon would have sent"),
    Control("GET", "destinations/{id}/messages", None, _messages, "The queue of a notification destination"),
    Control("DELETE", "destinations/{id}/messages", Received, _received, "Messages that were received leave the queue"),
)
