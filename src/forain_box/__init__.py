"""The market in a box: a simulated Amazon seller side with a memory, never kinder than the real one.

`Box().wsgi` is the whole of it; `server.main` serves it on loopback. Imports nothing of Forain.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from forain_box import control_api, control_page, faults, lwa, seller_central, spapi
from forain_box.clock import BoxClock, text
from forain_box.faults import Fault
from forain_box.http import Cut, Request, Response, log, read, write
from forain_box.sites import REGIONS
from forain_box.spapi.errors import error
from forain_box.throttle import Throttle
from forain_box.world import World

__all__ = ["Box"]


class Box:
    """One world and its skins. Thread-safe: one call at a time touches the world.

    `clock` "real" or "manual", `start` its first moment (None: now), `write_delay`: between how many seconds an
    accepted write takes effect. `throttle` False is for measuring speed only.
    """

    def __init__(
        self,
        seed: int = 0,
        clock: str = "real",
        start: datetime | None = None,
        *,
        throttle: bool = True,
        write_delay: tuple[float, float] = (0.5, 3.0),
    ) -> None:
        self.world = World(BoxClock(clock, start), seed, write_delay)
        self.faults: list[Fault] = []
        self._throttle = Throttle(throttle)
        self._lock = threading.Lock()

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI application."""
        request = read(environ)
        response = request if isinstance(request, Response) else self.answer(request)
        return write(response, start_response, environ["REQUEST_METHOD"])

    def answer(self, request: Request) -> Response:
        """One call. Raises Cut where a misfortune cuts the connection."""
        passed = spapi.Passed()
        with self._lock:
            self.world.settle()
            try:
                response = self._route(request, passed)
            except Cut:
                self._note(request, passed, 0)
                raise
            except Exception:
                log.exception("%s %s", request.method, request.raw_path)
                response = error(500, "InternalFailure", "We encountered an internal error. Please try again.")
            self._note(request, passed, response.status)
        return response

    def _note(self, request: Request, passed: spapi.Passed, status: int) -> None:
        if request.parts[0] != "box":
            self.world.requests.append(
                {
                    "method": request.method, "path": request.raw_path, "operation": passed.operation,
                    "seller": passed.seller, "status": status, "time": text(self.world.now()),
                }
            )  # fmt: skip

    def _route(self, request: Request, passed: spapi.Passed) -> Response:
        match request.parts:
            case ("auth", "o2", "token"):
                passed.operation = "token"
                return self._login(request)
            case (region, *_) if region in REGIONS:
                return spapi.answer(self.world, self._throttle, self.faults, region, request, passed)
            case ("seller-central", region, *_) if region in REGIONS:
                return seller_central.answer(self.world, region, request)
            case ("box", "api", *_):
                return control_api.answer(self.world, self.faults, request)
            case ("box",) | ("box", ""):
                return control_page.answer(self.world, request)
            case ("",):
                return Response.redirect("/box/")
            case _:
                return Response.json({"message": "Not Found"}, 404)

    def _login(self, request: Request) -> Response:
        struck = [f for f in self.faults if f.operation == "token" and f.meets("token", "", self.world.chance)]
        for fault in struck:
            instead = faults.before(fault)
            if instead is not None:
                return instead
        response = lwa.token(self.world, request)
        for fault in struck:
            response = faults.after(fault, response)
        return response
