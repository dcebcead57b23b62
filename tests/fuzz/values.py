"""Names and values of parameters: right ones, ones at their bounds, and wrong ones, for every parameter there is."""

from api.parameters import Bracket, Parameter
from ledger.limits import PARAMETER_INDEX_MAX

Pair = tuple[str, str]

ORDER_IDS = ("a", "b/c", "m", "n", "n1", "n2", "1", "2", "ü/ñ")
_LINES = ("~LINE0~", "~LINE1~", "~LINE2~", "~LINE3~")
_TEXTS = ("x", " lead", "ünï 😀", "\t", "0", "null", "[1]", "%s", "'; --", "<b>&amp;", "\u202e", "\ufeff", "-")
_NUMBERS = ("0", "1", "2", "100", "007")
_NO_NUMBERS = ("-1", "+1", "1.0", "1e3", "0x1", " 1", "\u0661", "1_0", "NaN", "9" * 400)
_INDEXES = ("[0]", "[0]", "[1]", "[2]", f"[{PARAMETER_INDEX_MAX}]", "[]", "")
_NAMED = {
    "id": ORDER_IDS,
    "invoice_id": ("inv_0001", "inv_0002", "inv_0004", "nope"),
    "order_line_items[id]": _LINES,
    "country": ("US", "de", "XI", "ZZ", "USA"),
    "email": ("ann@example.com", "@", "a b@c", "ann"),
    "order_id": ORDER_IDS,
    "time": (
        "1517505731",
        "9999999999",
        "2026-01-05T09:30:00Z",
        "2099-12-31t23:59:59.9999+14:00",
        "2026-02-30T00:00:00Z",
    ),
    "path[is]": ("note", "status", "order_line_items[~LINE0~].status", "shipping_address"),
    "path[starts_with]": ("order_line_items[", "s", "["),
    "actor[is]": ("full_key", "nobody"),
    "id[is]": ("~EVENT~", *ORDER_IDS),
    "id[starts_with]": ("~EVENT~", "ev_", "b/"),
    "url": (
        "https://shop.example.com/hook",
        "HTTP://[2001:db8::1]:8080/?a=%00#b",
        "http://ann@shop.example.com",
        "http://ünï.example:8443",
        "http://[::1",
        "http://x:99999",
        "//x",
    ),
    "offset": ("~OFFSET~", "~OFFSET~x", "p1", "p1AAAA", "[1]"),
}
NOISE: tuple[Pair, ...] = (
    ("unknown", "x"),
    ("cf_gift", "yes"),
    ("unknown[a][b][c]", "x"),
    ("order_line_items[0][id]", "~LINE0~"),
    ("order_line_items[id][x]", "~LINE0~"),
    ("order_line_items[id][0][0]", "~LINE0~"),
    (f"order_line_items[id][{PARAMETER_INDEX_MAX + 1}]", "~LINE0~"),
    ("order_line_items", "x"),
    ("order_line_items[", "x"),
    ("shipping_address", ""),
    ("shipping_address", "x"),
    ("shipping_address[city]]", "x"),
    ("shipping_address[[city]", "x"),
    ("shipping_address[]", "x"),
    ("status[is]", "queued"),
    ("status[gt]", "queued"),
    ("created_at[between]", "[2,1]"),
    ("sort_by[up]", "created_at"),
    ("note\0", "x"),
    ("note", "\0"),
    ("[", "]"),
    ("🦊", "🦊"),
    ("n" * 3000, "x"),
)


def pairs_of(parameter: Parameter) -> list[Pair]:
    """Every value of a parameter worth sending, right ones twice."""
    right, wrong = _values(parameter)
    if parameter.bracket is Bracket.FILTER:
        right, wrong = _filter_values(parameter.member, right), [*wrong, *_filter_values(parameter.member, wrong)]
    names = [parameter.name]
    if parameter.bracket is Bracket.INDEXED_LIST:
        names = [f"{parameter.name}{index}" for index in _INDEXES]
    return [(name, value) for name in names for value in (*right, *right, *wrong, "")]


def _values(parameter: Parameter) -> tuple[list[str], list[str]]:
    """Values that are right, and that are wrong."""
    named = _NAMED.get(parameter.name) or _NAMED.get(parameter.member)
    match parameter.type:
        case "enum":
            return [*parameter.choices, parameter.choices[0].upper()], ["nonsense", "queued ", "\u017fhipped", "0"]
        case "boolean":
            return ["true", "False"], ["1", "yes", "null"]
        case "timestamp":
            return ["0", "1517505731", "9999999999"], ["10000000000", "1517505731000", *_NO_NUMBERS]
        case "integer" | "money":
            assert parameter.maximum is not None
            return [*_NUMBERS, str(parameter.maximum)], [str(parameter.maximum + 1), *_NO_NUMBERS]
    length = parameter.max_length or 300
    return [*(named or _TEXTS), "x" * length, "😀" * length], ["x" * (length + 1), "ü" * (length + 1)]


def _filter_values(operator: str, values: list[str]) -> list[str]:
    """The values of a filter, in the spellings of lists where its operator has one."""
    if operator not in {"in", "not_in", "between"}:
        return values
    quoted = [f'["{value}"]' for value in values]
    pairs = [f"[{value},{value}]" for value in values]
    return [*quoted, *pairs, f"['{values[0]}', '{values[-1]}']", "[", "[]", "['a", '["\\ud800"]', "[" * 500]
