"""What has changed in the folder since a mark. A look without change costs some calls of `stat`, no reading."""

import json
from dataclasses import dataclass

from forain.core.errors import Problem
from forain.core.ids import VariantId
from forain.core.signals import Signal
from forain.shops.files import in_force, orders
from forain.shops.files.folder import OWN, Changing, Folder, short_hash

EVERYTHING = Signal("variant", "*")
SHIPMENTS = Signal("shop_order", "shipments")
WAITING = f"{OWN}/waiting-"
KEPT_VERSIONS = 6
_FORM = "1"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the watching stands. `catalogue`, `new`, `shipments`: marks of the disk; the others name what was
    read when those marks were taken, so that what differs can be told piece by piece."""

    catalogue: str = ""
    version: str = ""
    new: str = ""
    waiting: str = ""
    shipments: str = ""

    def text(self) -> str:
        return "|".join((_FORM, self.catalogue, self.version, self.new, self.waiting, self.shipments))

    @classmethod
    def parse(cls, text: str) -> "Mark | None":
        """None for the beginning, and for a mark of another form."""
        form, *parts = text.split("|")
        return cls(*parts) if form == _FORM and len(parts) == 5 else None


def changed(folder: Folder, since: str) -> tuple[str, tuple[Signal, ...]]:
    """(mark, signals). Marks are taken before reading: what changes meanwhile is told next time.

    Asking twice with one mark answers twice the same, as long as some changes of the past are kept.
    """
    old = Mark.parse(since)
    before = old or Mark()
    catalogue_mark = folder.mark(in_force.CATALOGUE)
    new_mark = folder.mark_of_files(orders.NEW, ".json")
    shipments_mark = folder.mark_of_files("shipments", ".csv")
    version, waiting = before.version, before.waiting
    signals: list[Signal] = []
    if catalogue_mark != before.catalogue or old is None:
        now = in_force.read(folder)
        names = in_force.changed_variants(folder, before.version, now)
        signals += [EVERYTHING] if names is None else [Signal("variant", name) for name in names]
        version = now.version
    if new_mark != before.new or old is None:
        waiting, found = _waiting(folder, before.waiting)
        if old is not None:
            signals += [EVERYTHING] if found is None else [Signal("stock", name) for name in found]
    if shipments_mark != before.shipments or old is None:
        signals.append(SHIPMENTS)
    mark = Mark(catalogue_mark, version, new_mark, waiting, shipments_mark)
    return mark.text(), tuple(dict.fromkeys(signals))


def _waiting(folder: Folder, old: str) -> tuple[str, list[VariantId] | None]:
    """(name of what waits now, variants of which another number waits than at `old`); None: cannot be said."""
    pieces, problems = orders.waiting(folder)
    content = json.dumps([sorted(pieces.items()), [[p.code, p.field] for p in problems]]).encode()
    name = short_hash(content)
    if name == old:
        return name, []
    folder.write(f"{WAITING}{name}.json", content)
    folder.forget(OWN, "waiting-*.json", KEPT_VERSIONS)
    known = _known(folder, old)
    if known is None or known[1] != problems:
        return name, None
    names = [*pieces, *known[0]]
    return name, [n for n in dict.fromkeys(names) if pieces.get(n) != known[0].get(n)]


def _known(folder: Folder, name: str) -> tuple[dict[VariantId, int], tuple[Problem, ...]] | None:
    try:
        content = folder.read(f"{WAITING}{name}.json") if name else None
    except Changing:
        return None
    try:
        # The names begin with the hash of what they hold: what an ill disk made of it is not believed.
        if content is None or short_hash(content) != name:
            return None
        pieces, problems = json.loads(content)
    except ValueError:
        return None
    return {VariantId(n): count for n, count in pieces}, tuple(Problem(code, "", field) for code, field in problems)
