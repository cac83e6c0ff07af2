"""What a process keeps to itself on this machine: private files, locks, a local socket."""
