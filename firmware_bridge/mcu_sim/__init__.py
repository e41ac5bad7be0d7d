"""The controller without a board: its real firmware, its contacts, a lock and a leaf, on a given clock or on a pty."""
