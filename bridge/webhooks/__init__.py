"""Webhooks: other systems are told that something happened to a request, and never what it says."""
