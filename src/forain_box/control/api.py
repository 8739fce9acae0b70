"""The control API: what happens in the world, for programs. Every no is a sentence with its cure.

`/box/openapi.json` is made from the tables of the modules beside this one and their bodies.
"""

from typing import TypeVar

from forain_box.control import accounts, events, goods, openapi, orders
from forain_box.http import Request, Response, decoded
from forain_box.world import Refusal, World

T = TypeVar("T")
CONTROLS = (*events.CONTROLS, *accounts.CONTROLS, *goods.CONTROLS, *orders.CONTROLS)


def answer(world: World, request: Request) -> Response:
    if request.parts == ("box", "openapi.json"):
        return Response.json(openapi.document(CONTROLS))
    try:
        return _route(world, request)
    except Refusal as refusal:
        return Response.json({"error": str(refusal)}, refusal.status)


def _route(world: World, request: Request) -> Response:
    parts = request.parts[2:]
    methods: list[str] = []
    for control in CONTROLS:
        path = control.path.split("/")
        if len(path) == len(parts) and all(w == g or w[0] == "{" for w, g in zip(path, parts, strict=True)):
            if control.method == request.method:
                rest = [got for wanted, got in zip(path, parts, strict=True) if wanted[0] == "{"]
                body = [_read(request, control.body)] if control.body is not None else []
                return control.run(world, *rest, *body)
            methods.append(control.method)
    if methods:
        return Response.json({"error": f"this is called with {' or '.join(methods)}"}, 405, allow=", ".join(methods))
    raise Refusal("there is no such control; see /box/openapi.json", 404)


def _read(request: Request, kind: type[T]) -> T:
    try:
        found: T = decoded(request.body or b"{}", kind)
        return found
    except ValueError as wrong:
        raise Refusal(f"the body does not fit: {wrong}; see /box/openapi.json") from None
