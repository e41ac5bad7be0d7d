"""OSDP (IEC 60839-11-5) through libosdp: the panel's side for the gate, the device's side for desks and tests."""
