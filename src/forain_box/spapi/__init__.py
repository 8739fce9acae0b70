"""The Selling Partner API: the gate every call passes (`gate.py`), and a module for each of its interfaces."""
