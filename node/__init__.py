"""One region's homeserver: its configuration, its processes, its checks; and `rogatory`, the command."""
