"""One signed archive of everything an auditor may ask of a gate; no person is in it."""
