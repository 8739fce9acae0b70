"""Bad input: every public entrance of Forain, and every reader of what others write, fed with mutated bytes.

`python -m tests.fuzz --examples 2000` goes further than the tests do. See docs/explanation/bad-input.md.
"""
