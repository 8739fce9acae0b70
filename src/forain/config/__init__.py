"""Settings, addresses, and the private database: what an operator may turn."""
