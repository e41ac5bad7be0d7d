"""What the law asks of whoever runs a gate: assessment, registers, duties, evidence, the end of the service."""
