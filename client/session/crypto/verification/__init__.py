"""Interactive verification: two people, or two devices of one, compare what a third cannot forge."""
