"""The real vision child with a hook in it, which tells what it can do from inside."""

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

from gate.settings import PROJECT
from gate.vision import wire

PATIENCE_S = 60.0


def landlocked():
    """Tell whether this kernel can lock files away."""
    return ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1


@contextmanager
def hooked(settings_for, folder, head, tells):
    """Run it while the block runs; gives it and what it said once its networks were loaded.

    tells: an expression that it evaluates when ``told_by`` asks. head: code of the module in which it does. folder: for both.
    """
    (folder / "sitecustomize.py").write_text(
        f"import json, signal, sys\n{head}\ndef tell(*_):\n"
        f"    print(json.dumps({tells}), file=sys.stderr, flush=True)\n"
        "signal.signal(signal.SIGUSR1, tell)\n"
    )
    settings = settings_for("simulated", settings_for("simulated").models_dir + "/weights/portraits")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = subprocess.Popen(
            [sys.executable, "-m", "gate.vision.child", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": f"{folder}:{PROJECT}"},
        )
        theirs.close()
        try:
            ours.sendall(wire.encode(settings.to_message()))
            ours.settimeout(PATIENCE_S)
            ready = wire.Decoder().feed(ours.recv(1 << 16))[0]
            assert isinstance(ready, wire.Ready)
            yield child, ready
        finally:
            child.kill()
            child.wait()
            child.stderr.close()


def told_by(child):
    """Have it try, and give what it told."""
    child.send_signal(signal.SIGUSR1)
    assert select.select([child.stderr], [], [], PATIENCE_S)[0]
    return json.loads(child.stderr.readline())
