"""Tests of policies.trust."""
