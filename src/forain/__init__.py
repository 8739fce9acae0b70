"""Forain: a self-hosted connector between your own web shop and marketplaces."""

__version__ = "0.1.0"
