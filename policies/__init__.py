"""What the network should be, and what its signed objects mean: pure data, models and checks."""
