"""View models without widgets: what a screen, a plain line mode or a command shows, as values."""
