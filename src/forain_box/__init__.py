"""The market in a box: a simulated Amazon seller side with a memory, never kinder than the real one.

`Box().wsgi` is the whole of it; `server.main` serves it on loopback. Imports nothing of Forain.
"""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from forain_box import documents, faults, lwa, mws, seller_central, sqs
from forain_box.clock import BoxClock, text
from forain_box.control import api, panel
from forain_box.errors import error
from forain_box.http import Cut, Request, Response, log, read, write
from forain_box.sites import REGIONS
from forain_box.spapi import gate
from forain_box.throttle import Throttle
from forain_box.world import World

__all__ = ["Box"]

SHOWN, LONGEST_NAME = 2000, 500
"""So many bytes of an answer, and letters of whatever a caller may choose, are kept for the control panel."""
PAGE_METHODS = ("GET", "HEAD", "POST")


class Box:
    """One world and its skins. Thread-safe: one call at a time touches the world.

    `clock` "real" or "manual", `start` its first moment (None: now), `write_delay`: between how many seconds an
    accepted write takes effect. `throttle` False is for measuring speed only. `world`: one to go on with.
    """

    def __init__(
        self,
        seed: int = 0,
        clock: str = "real",
        start: datetime | None = None,
        *,
        throttle: bool = True,
        write_delay: tuple[float, float] = (0.5, 3.0),
        world: World | None = None,
    ) -> None:
        self.world = world or World(BoxClock(clock, start), seed, write_delay)
        self.throttle = Throttle(throttle)
        self.lock = threading.Lock()
        self.changes = 0

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI application. Raises Cut where a misfortune cuts the connection."""
        request = read(environ)
        response = request if isinstance(request, Response) else self.answer(request)
        return write(response, start_response, environ["REQUEST_METHOD"])

    def answer(self, request: Request) -> Response:
        """One call. Raises Cut where a misfortune cuts the connection."""
        try:
            with self.lock:
                response = self._carried_out(request)
        except Cut as cut:
            time.sleep(cut.delay_seconds)
            raise
        if response.delay_seconds:
            # Outside of the lock: who waits must not make others wait.
            time.sleep(response.delay_seconds)
        return response

    def _carried_out(self, request: Request) -> Response:
        self.changes += 1
        passed = gate.Passed()
        try:
            self.world.settle()
            response = self._route(request, passed)
        except Cut:
            self._note(request, passed, None)
            raise
        except Exception:
            log.exception("%s %s", request.method, request.raw_path)
            response = error(500, "InternalFailure", "We encountered an internal error. Please try again.")
        # Whoever reads the hour from an answer reads the box's own; a misfortune may have told another one.
        response.headers.setdefault("date", format_datetime(self.world.now(), usegmt=True))
        self._note(request, passed, response)
        return response

    def _note(self, request: Request, passed: gate.Passed, response: Response | None) -> None:
        if request.parts[0] == "box":
            return
        # Bodies are kept as bytes and made readable (and free of tokens) only when somebody looks.
        self.world.requests.append(
            {
                "method": request.method[:LONGEST_NAME], "path": request.raw_path[:LONGEST_NAME],
                "operation": passed.operation[:LONGEST_NAME], "seller": passed.seller[:LONGEST_NAME],
                "status": response.status if response else 0, "time": text(self.world.now()),
                "answer": response.body[:SHOWN] if response else b"",
            }
        )  # fmt: skip

    def _route(self, request: Request, passed: gate.Passed) -> Response:
        match request.parts:
            case ("auth", "o2", "token"):
                passed.operation = "token"
                return self._with_faults(passed, lambda: lwa.token(self.world, request))
            case (region, *_) if region in REGIONS:
                return gate.answer(self.world, self.throttle, region, request, passed)
            case ("mws", region, *_) if region in REGIONS:
                response, passed.operation, passed.seller = mws.answer(self.world, self.throttle, region, request)
                return response
            case ("",) if sqs.asked(request):
                passed.operation = sqs.asked(request)
                return sqs.answer(self.world, request)
            case ("documents", _):
                passed.operation = "document"
                return self._with_faults(passed, lambda: documents.answer(self.world, request))
            case ("seller-central" | "box", *_) if _elsewhere(request):
                return Response.json({"error": "a page of another origin may not call this"}, 403)
            case ("seller-central", *_) | ("box",) | ("box", "") if request.method not in PAGE_METHODS:
                return Response.json({"error": "a page is called with GET or POST"}, 405, allow=", ".join(PAGE_METHODS))
            case ("seller-central", region, *_) if region in REGIONS:
                return seller_central.answer(self.world, region, request)
            case ("box", "api", *_) | ("box", "openapi.json"):
                return api.answer(self.world, request)
            case ("box",) | ("box", ""):
                return panel.answer(self.world, request)
            case ("",):
                return Response.redirect("/box/")
            case _:
                return Response.json({"message": "Not Found"}, 404)

    def _with_faults(self, passed: gate.Passed, carry_out: Callable[[], Response]) -> Response:
        struck = faults.struck(self.world, passed.operation, passed.seller)
        for fault in struck:
            instead = faults.before(fault)
            if instead is not None:
                return instead
        response = carry_out()
        for fault in struck:
            response = faults.after(fault, response, self.world)
        return response


def _elsewhere(request: Request) -> bool:
    """A browser says that a page of another origin makes this call: it must not act on the world unseen."""
    origin = request.headers.get("origin", "")
    if request.method in ("GET", "HEAD") or not origin:
        return False
    try:
        return urlsplit(origin).netloc != request.headers.get("host")
    except ValueError:
        return True
