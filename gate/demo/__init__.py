"""The demonstration: one visit after another, against the real stack."""
