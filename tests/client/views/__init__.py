"""Tests of client.views."""
