"""The crypto engine: Olm and Megolm by vodozemac, identities by pynacl, and the rules between them."""
