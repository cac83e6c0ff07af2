"""The life of a request: answers and the Court's own steps, each signed, and what they add up to."""
