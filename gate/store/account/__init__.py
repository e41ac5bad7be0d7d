"""What the gate can answer for: the audit log, registers, assessments, signed documents."""
