"""The tree of errors: complete in its drawing and in what the package exports."""

from ops import embedded
from ops.embedded import EmbeddedPostgresError, errors


def family(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(family(child) for child in kind.__subclasses__()))


def test_every_error_is_drawn_in_the_tree_and_exported() -> None:
    names = {kind.__name__ for kind in family(EmbeddedPostgresError)}

    drawn = {line.strip("│├└─ ").split()[0] for line in (errors.__doc__ or "").splitlines()[2:] if line}
    assert drawn == names
    assert names <= set(embedded.__all__)
