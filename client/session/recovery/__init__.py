"""Recovery: what lets an account's owner come back after every device is lost."""
