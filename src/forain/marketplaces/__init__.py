"""Marketplaces: one folder each, found by `plugins`. They translate and decide nothing. What two of them hand out alike is a file
beside them, which knows neither."""
