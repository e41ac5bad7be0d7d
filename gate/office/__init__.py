"""What the console does with the gate: each part of it in a module of its own."""
