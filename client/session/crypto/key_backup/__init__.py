"""The backup of room keys on the homeserver, encrypted with a key that lies in the secret storage."""
