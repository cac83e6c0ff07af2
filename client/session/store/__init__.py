"""Encrypted stores: SQLCipher through sqlite-utils, opened in one way, written by one process."""
