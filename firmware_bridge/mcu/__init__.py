"""The door controller's firmware, as it goes onto the board. Runs on MicroPython 1.27 and on CPython 3.11 alike."""
