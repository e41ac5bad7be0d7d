"""A whole walk in memory: millions of values that live as long as the tests, and that the collector need not look at."""

import gc


def walked(steps):
    """Give all *steps* as a list; the collector rests meanwhile, and leaves them alone from then on."""
    gc.disable()
    try:
        return list(steps)
    finally:
        gc.freeze()
        gc.enable()
