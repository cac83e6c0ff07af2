"""Looks at one region's node for what is wrong, or will be: one check a function, each in its own file."""
