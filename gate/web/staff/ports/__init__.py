"""What the pages of the staff need from the gate, a Protocol for each area."""
