"""Readers and doors: the drivers, their simulators and what a driver owes. Imports nothing of the gate service."""
