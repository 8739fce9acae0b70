"""Marketplaces: one folder each, found by `plugins`. They translate and decide nothing."""
