"""The HTTP API of the bridge."""
