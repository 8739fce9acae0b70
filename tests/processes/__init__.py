"""Real processes under a killer: web, two workers, the private PostgreSQL, the box and a shop, on real sockets.

`system.py` starts processes and makes small disks, `wires.py` cuts connections, `amazon.py`, `merchant.py` and `people.py` trade,
`plan.py` draws the misfortunes, `story.py` tells them, `at_rest.py` asks the invariants of the simulation, `run.py` is the command.
See docs/explanation/simulation.md.
"""
