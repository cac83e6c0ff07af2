"""Time limits of a case: when each began, when it ends, where it stands, and of which people are reminded."""
