"""Backups, putting one back, and erasing the gate."""
