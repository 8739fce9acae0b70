"""A simulated year: the real flows against the box and a shop in memory, one clock, one seed, and everything may die.

`story.py` tells one seed, `stage.py` lets two workers take turns and die, `shop.py` is the shop, `invariants.py` says what
must always hold, `mutants.py` are planted defects that prove it can fail, `run.py` runs seeds, shrinks and prints.
See docs/explanation/simulation.md.
"""

SELLER, FR = "A1YEARSELLER", "A13V1IB3VIYZZH"
"""The one seller, and the one site it sells on."""
