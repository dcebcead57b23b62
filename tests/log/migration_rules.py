"""The rules that let services of versions before go on while a later one migrates, read off the text of a migration.

Files up to 026 are older than the rules. What each rule is for stands in docs/operations.md, "Upgrade".
"""

import re
from collections.abc import Iterator

FIRST_NUMBER = 27

# Nobody waits for these while an index on them is built: what follows the logs writes them, and catches up.
WRITTEN_BEHIND_COMMANDS = frozenset(
    {
        "change",
        "order_clock",
        "order_version",
        "order_version_document",
        "order_version_page",
        "order_words",
        "rebuild_run",
        "webhook_delivery",
    }
)

_COMMENT = re.compile(r"--[^\n]*")
_BODY = re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL)
_STRING = re.compile(r"'(?:[^']|'')*'")

TAKES_AWAY = "nothing is taken away or changed that services of versions before use"
NEEDS_VALUES = "a new column can be left out by services of versions before"
SCANS = "a constraint on a table with rows is NOT VALID at first"
HOLDS_UP_WRITERS = "an index on a table that commands write is built CONCURRENTLY"
NOT_ALONE = "what is built CONCURRENTLY has a file of its own"
HOLDS_LOCK = "what changes a table has a file without long work"
RULES = (TAKES_AWAY, NEEDS_VALUES, SCANS, HOLDS_UP_WRITERS, NOT_ALONE, HOLDS_LOCK)

_TAKES_AWAY = re.compile(
    r"^(DROP |TRUNCATE |REVOKE (?!ALL ON FUNCTION)|CREATE OR REPLACE |ALTER (?!TABLE |INDEX (?:ledger\.)?\w+ SET \())|"
    r"\b(DROP (COLUMN|CONSTRAINT|DEFAULT|EXPRESSION)|RENAME|SET NOT NULL|SET DATA TYPE|ALTER (COLUMN )?\w+ TYPE)\b"
)
_NEW_COLUMN = re.compile(r"\bADD (?:COLUMN )?(?!CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY)\w+ [^,]*?NOT NULL[^,]*")
_CONSTRAINT = re.compile(r"\bADD (CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY)\b")
_INDEX = re.compile(r"^CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?\w+ ON (?:ledger\.)?(\w+)")
_TABLE = re.compile(r"^CREATE TABLE (?:ledger\.)?(\w+)")
_ALTER = re.compile(r"^ALTER TABLE (?:ledger\.)?(\w+)")
_ROWS = re.compile(r"^(WITH|UPDATE|INSERT|DELETE|MERGE|SELECT)\b")


def broken_rules(sql: str) -> set[str]:
    """The rules that a migration breaks."""
    statements = list(_statements(sql))
    made = {found[1] for each in statements if (found := _TABLE.match(each))}
    altered = {found[1] for each in statements if (found := _ALTER.match(each))} - made
    indexes = [found for each in statements if (found := _INDEX.match(each))]
    works_long = any(found[2] not in made for found in indexes) or any(_ROWS.match(each) for each in statements)
    broken = {
        TAKES_AWAY: any(_TAKES_AWAY.search(each) for each in statements),
        NEEDS_VALUES: any(_needs_values(each) for each in statements if _changes_table(each, made)),
        SCANS: any(
            _CONSTRAINT.search(each) and not each.endswith("NOT VALID")
            for each in statements
            if _changes_table(each, made)
        ),
        HOLDS_UP_WRITERS: any(
            not concurrently and table not in made | WRITTEN_BEHIND_COMMANDS
            for concurrently, table in (found.groups() for found in indexes)
        ),
        NOT_ALONE: len(statements) > 1 and any(concurrently for concurrently, _ in (each.groups() for each in indexes)),
        HOLDS_LOCK: bool(altered) and works_long,
    }
    return {rule for rule, is_broken in broken.items() if is_broken}


def _statements(sql: str) -> Iterator[str]:
    """Statements without comments, texts and bodies of functions, their white space as single blanks."""
    bare = _STRING.sub("''", _BODY.sub("''", _COMMENT.sub("", sql)))
    for statement in bare.split(";"):
        if statement.strip():
            yield " ".join(statement.split())


def _changes_table(statement: str, made: set[str]) -> bool:
    altered = _ALTER.match(statement)
    return altered is not None and altered[1] not in made


def _needs_values(statement: str) -> bool:
    return any("DEFAULT" not in column[0] for column in _NEW_COLUMN.finditer(statement))
