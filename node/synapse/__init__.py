"""The homeserver of a node: what it is rendered from, how it starts, how it is administered."""
