"""Amazon's error bodies, where the operations look for them. They live outside of the package so that whoever needs
one (faults, trade) does not import every operation."""

from forain_box.errors import Stop, denied, error, invalid, not_found, too_fast

__all__ = ["Stop", "denied", "error", "invalid", "not_found", "too_fast"]
