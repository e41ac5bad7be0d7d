"""The child process that sees: models, detection, embedding. Nothing here outlives a visit."""

import os

# OpenCV reads its limit once, when it is loaded: 50 million pixels are 150 MB decoded, more than any photograph needs.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "50000000")
# Seconds, likewise: a stuck V4L2 camera must become a fault before the parent takes the child for dead.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")
# ONNX Runtime 1.29 and later keeps a device id and sends what it runs to its maker, unless told before it is loaded (R41).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
