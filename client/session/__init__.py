"""The one Matrix session: transport, sync, encryption, store and outbox behind one narrow face.

Import `client.session.face` for the interface and `client.session.events` for what crosses it. Nothing here
is imported by this file, so that a command loads only what it uses.
"""
