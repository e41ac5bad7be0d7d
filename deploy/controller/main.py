# ruff: noqa: INP001 - a file for the board, not a package
"""The board's main.py: everything else is in the folder mcu beside it."""

import os
import time

import machine
from mcu.main import run

run(machine, time, os)
