"""The gate's decisions: pure, total, without clock, randomness or I/O."""
