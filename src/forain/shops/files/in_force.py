"""Which version of the catalogue counts: the file as it stands, or the last good one while the file is broken."""

import os
from dataclasses import dataclass, replace

from forain.contracts.shop import Variant
from forain.core.errors import Problem
from forain.core.ids import VariantId
from forain.shops.files import catalogue
from forain.shops.files.catalogue import Catalogue
from forain.shops.files.folder import OWN, Changing, Folder, short_hash

CATALOGUE = "catalogue.csv"
LAST_GOOD = f"{OWN}/catalogue.last-good.csv"
GOOD = f"{OWN}/catalogue.good-"
KEPT_VERSIONS = 4
"""So many good versions are kept, so that a change can be told variant by variant even after a restart."""


@dataclass(frozen=True, slots=True)
class InForce:
    """`catalogue` None: the file is broken and there never was a good one. `problems` are the file's as it stands.

    `stands`: what counts is the file as it stands, not an older one.
    """

    catalogue: Catalogue | None
    problems: tuple[Problem, ...]
    stands: bool

    @property
    def version(self) -> str:
        """Names what counts and what is told about it: "content-problems", hex."""
        content = self.catalogue.version if self.catalogue else "0"
        return f"{content}-{short_hash(repr(self.problems).encode())}"


def read(folder: Folder) -> InForce:
    """What counts now. A good version is kept as the last good one before it is believed."""
    found: Catalogue | None = None
    try:
        content = folder.read(CATALOGUE)
        problem = Problem("catalogue_missing", CATALOGUE)
    except Changing:
        content, problem = None, Problem("catalogue_changing")
    if content is not None:
        found = catalogue.parse(content)
        if found.whole:
            _keep(folder, found.version, content)
            return InForce(found, found.problems, stands=True)
    problems = found.problems if found else (problem,)
    return InForce(_last_good(folder), problems, stands=False)


def _last_good(folder: Folder) -> Catalogue | None:
    try:
        content = folder.read(LAST_GOOD)
    except Changing:
        return None
    last = catalogue.parse(content) if content is not None else None
    return last if last is not None and last.whole else None


def _keep(folder: Folder, version: str, content: bytes) -> None:
    kept = f"{GOOD}{version}.csv"
    if folder.same(kept, LAST_GOOD):
        return
    if not folder.exists(kept):
        folder.write(kept, content)
    folder.link(kept, LAST_GOOD)
    folder.forget(OWN, os.path.basename(GOOD) + "*.csv", KEPT_VERSIONS)


def changed_variants(folder: Folder, old: str, now: InForce) -> list[VariantId] | None:
    """Which variants differ from what counted at version `old`; None: that cannot be said.

    It cannot either where the file's problems have changed: a page of the whole catalogue tells those.
    """
    if old == now.version:
        return []
    before = _version(folder, old.partition("-")[0])
    if before is None or now.catalogue is None or not now.stands:
        return None
    told = InForce(before, before.problems, stands=True)
    if told.version != old or before.problems != now.problems:
        return None
    was, stands = before.variants, now.catalogue.variants
    changed = [name for name, variant in stands.items() if was.get(name) != variant]
    return changed + [name for name in was if name not in stands]


def _version(folder: Folder, version: str) -> Catalogue | None:
    try:
        content = folder.read(f"{GOOD}{version}.csv")
    except Changing:
        return None
    return catalogue.parse(content) if content is not None else None


def with_waiting(variant: Variant, pieces: int) -> Variant:
    """The variant with `pieces` of new orders counted as promised."""
    if not pieces or variant.level is None:
        return variant
    return replace(variant, level=replace(variant.level, allocated=variant.level.allocated + pieces))
