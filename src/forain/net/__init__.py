"""The only way out of the house: one request at a time, limited, timed, redacted."""
