"""Requests of the Court: the draft, the wire format, the text that people read."""
