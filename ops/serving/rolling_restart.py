"""The rolling restart: every child is replaced by one of the code that is on disk now, and no request fails.

First the schema is brought up to date by the new code, beside the children that run. Then, one after another, a new
child is started; once it is at work, the old one is told to leave. A worker that leaves accepts nothing more, answers
what still comes on its connections, each with ``Connection: close``, and ends. Where a new child does not come up, the
old ones go on.
"""

from collections.abc import Callable, Generator, Iterator

from ops.serving.children import Child, Kind


def rolling_restart(
    children: list[Child], passing: list[Child], start: Callable[[Kind], Child], report: Callable[[str], None]
) -> Iterator[None]:
    """Replace children, step by step: whoever takes the steps looks after everything else between them.

    Args:
        children: those in their places, which are replaced in the list.
        passing: takes those that are not in their places yet, or not any more; who takes the steps removes from it
            what has ended, and kills what does not end in time.

    Raises:
        ChildDidNotStart: one did not come up. Those before it are replaced, its place is kept by the old one.
    """
    report("a restart begins: each process is replaced by a new one")
    yield from _brought_up(Kind.PREPARATION, passing, start)
    for place in range(len(children)):
        new = yield from _brought_up(children[place].kind, passing, start)
        # It is the place's from here on, and started again if it ends.
        passing[:] = [child for child in passing if child is not new]
        old, children[place] = children[place], new
        passing.append(old)
        old.leave()
        while not old.has_ended:
            yield
    report("the restart is complete")


def _brought_up(kind: Kind, passing: list[Child], start: Callable[[Kind], Child]) -> Generator[None, None, Child]:
    child = start(kind)
    passing.append(child)
    while not child.is_ready():
        yield
    return child
