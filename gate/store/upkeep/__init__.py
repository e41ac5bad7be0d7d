"""What must go in time, what has gone for good, and what is watched over."""
