"""A whole development network on one machine: its keys, its manifest, its ports and its nodes' folders."""
