"""Secret storage: the account's secrets on the homeserver, sealed with a key that only its owner has."""
