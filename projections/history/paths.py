r"""Names of places in an order document: ``note``, ``shipping_address.city``, ``order_line_items[li_1].status``.

An item of a list is named by its key; where several have the same one, all but the first have an ordinal behind it:
``line_item_taxes[li_1,VAT][2].tax_amount``. In keys ``\``, ``]`` and ``,`` have a backslash before them, so that a
path can be read again whatever an id holds.
"""

import re
from collections import Counter
from collections.abc import Iterable

from projections.history.document_shape import LISTS, Plain

_path = re.compile(r"([a-z0-9_]+)((?:\[(?:[^\]\\]|\\.)*\])*)(?:\.([a-z0-9_]+))?", re.DOTALL)
_special = re.compile(r"[\\\],]")


def item_labels(list_name: str, items: Iterable[Plain]) -> list[str]:
    """The bracketed part of each item's path, all different: ``[li_1]``."""
    seen: Counter[str] = Counter()
    labels = []
    for item in items:
        key = ",".join(_escaped(str(item[member])) for member in LISTS[list_name].key if member in item)
        seen[key] += 1
        labels.append(f"[{key}]" if seen[key] == 1 else f"[{key}][{seen[key]}]")
    return labels


def split_path(path: str) -> tuple[str, str, str]:
    """Name of the member, label of the item and member of the object, "" for what a path does not have.

    Raises:
        ValueError: not a path.
    """
    found = _path.fullmatch(path)
    if found is None:
        raise ValueError(f"not a path: {path}")
    return found[1], found[2], found[3] or ""


def _escaped(key: str) -> str:
    return _special.sub(r"\\\g<0>", key)
