"""Making things happen in the world: the control API for programs (`api.py`), the panel for people (`panel.py`)."""
