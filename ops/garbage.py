"""Lets the collector of cycles look less often, for work that makes many objects of which none is in a cycle.

By its own measure it looks after each few hundred objects, and now and then at all that there are, the modules too: a
tenth of the time that it takes to read a long log.
"""

import contextlib
import gc
from collections.abc import Iterator

_OBJECTS = 50_000


@contextlib.contextmanager
def collected_rarely() -> Iterator[None]:
    """Look after some ten thousand objects, and at none that are there already."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
