"""`rogatory up`: the whole network on this machine, brought up in order and found again when it is there."""
