"""The root key and its guards, the epochs, and what brings them back."""
