"""Tests of client.ui."""
