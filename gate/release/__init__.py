"""Releases of the gate on a device: signed, installed beside the one in force, tried, and undone by themselves.

But for ``signing`` and ``sealed`` every module here needs nothing beyond the standard library: the Debian package
runs them straight out of the wheel, with the system's own Python, before there is any environment.
"""
