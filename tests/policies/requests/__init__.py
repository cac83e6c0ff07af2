"""Tests of policies.requests."""
