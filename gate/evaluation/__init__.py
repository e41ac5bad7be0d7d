"""What a set of photographs, or a site's own volunteers, say about the errors to be expected: figures, charts, thresholds.

Nothing here runs at the gate. Figures come from ``gate.vision.trials``; a threshold that a device then obeys goes through
``gate.calibrated``.
"""
