"""The Matrix session, the view models on it, and the terminal client."""
