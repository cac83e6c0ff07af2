"""The terminal client, in Textual."""
