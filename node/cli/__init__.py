"""`rogatory`: the composition root. The one place that may see every part, each loaded when its verb runs."""
