"""The widgets of the terminal client, one a file."""
