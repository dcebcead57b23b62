"""The schema keeps the rules that let whole sites spread over many machines, and a breach would be seen."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from ops.doctor.schema_rules import RULES, breaches

# A sound table, and then one thing wrong at a time.
TABLES = """
    CREATE TABLE place (
        site text COLLATE "C" NOT NULL,
        name text COLLATE "C" NOT NULL,
        number bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (site, name)
    );
    CREATE TABLE visit (
        site text COLLATE "C" NOT NULL,
        name text COLLATE "C" NOT NULL,
        at bigint NOT NULL,
        PRIMARY KEY (site, name, at),
        FOREIGN KEY (site, name) REFERENCES place
    );
    CREATE INDEX ON visit (at);
    CREATE VIEW visited AS SELECT name FROM visit;
    CREATE FUNCTION count_visits() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM visit -- NOTIFY, xid';
"""

BREACHES = [
    ("CREATE UNIQUE INDEX wrong ON place (name)", "a unique index begins with site", "wrong"),
    ("CREATE UNIQUE INDEX wrong ON place (name, site)", "a unique index begins with site", "wrong"),
    ("CREATE UNIQUE INDEX wrong ON place (lower(site))", "a unique index begins with site", "wrong"),
    ('CREATE TABLE wrong (name text COLLATE "C" PRIMARY KEY)', "a unique index begins with site", "wrong_pkey"),
    (
        'CREATE TABLE wrong (site text COLLATE "C" UNIQUE, name text COLLATE "C", other text COLLATE "C", '
        "CONSTRAINT crossed FOREIGN KEY (other, name) REFERENCES place (site, name))",
        "a foreign key begins with site on both sides",
        "crossed",
    ),
    ("CREATE SEQUENCE wrong", "there is no sequence", "wrong"),
    (
        "ALTER TABLE place ADD wrong bigint GENERATED ALWAYS AS IDENTITY",
        "there is no identity column",
        "place.wrong",
    ),
    ("ALTER TABLE place ADD wrong bigserial", "there is no sequence", "place_wrong_seq"),
    (
        "CREATE TRIGGER wrong BEFORE UPDATE ON place FOR EACH ROW "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "there is no trigger",
        "wrong",
    ),
    ("CREATE RULE wrong AS ON DELETE TO place DO INSTEAD NOTHING", "there is no rule", "wrong"),
    ("ALTER TABLE place ADD wrong xid8", "no column holds transaction numbers", "place.wrong"),
    (
        "ALTER TABLE place ADD wrong text DEFAULT pg_current_xact_id()::text",
        "no code uses transaction numbers",
        "place",
    ),
    (
        "ALTER TABLE place ADD CHECK (number > txid_current())",
        "no code uses transaction numbers",
        "place",
    ),
    ("CREATE VIEW wrong AS SELECT xmin FROM place", "no code uses transaction numbers", "wrong"),
    (
        "CREATE FUNCTION wrong() RETURNS text LANGUAGE sql AS 'SELECT pg_snapshot_xmin(pg_current_snapshot())::text'",
        "no code uses transaction numbers",
        "wrong",
    ),
    (
        "CREATE FUNCTION wrong() RETURNS xid8 LANGUAGE sql BEGIN ATOMIC SELECT pg_current_xact_id(); END",
        "no code uses transaction numbers",
        "wrong",
    ),
    ("ALTER TABLE place ADD wrong timestamptz DEFAULT now()", "a default is a constant", "place.wrong"),
    ("ALTER TABLE place ADD wrong timestamptz DEFAULT current_timestamp", "a default is a constant", "place.wrong"),
    ("ALTER TABLE place ADD wrong uuid DEFAULT gen_random_uuid()", "a default is a constant", "place.wrong"),
    (
        "CREATE FUNCTION wrong() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM pg_try_advisory_xact_lock(1); END'",
        "no code takes an advisory lock",
        "wrong",
    ),
    (
        "CREATE FUNCTION wrong() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM pg_notify(''a'', ''b''); END'",
        "no code sends or awaits NOTIFY",
        "wrong",
    ),
    (
        "CREATE FUNCTION wrong() RETURNS void LANGUAGE plpgsql AS 'BEGIN NOTIFY a; END'",
        "no code sends or awaits NOTIFY",
        "wrong",
    ),
    (
        'CREATE TABLE wrong (site text COLLATE "C", name text, PRIMARY KEY (site, name))',
        'a text key is COLLATE "C"',
        "wrong.name",
    ),
    ('CREATE INDEX wrong ON place (site, name COLLATE "POSIX")', 'an index sorts by COLLATE "C"', "wrong"),
]


@pytest.fixture
async def scratch(owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A connection that works in the schema ``scratch``, of which nothing stays."""
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("CREATE SCHEMA scratch; SET LOCAL search_path = scratch")
    await owner.execute(TABLES)
    yield owner
    await transaction.rollback()


async def test_the_schema_keeps_every_rule(owner: asyncpg.Connection) -> None:
    assert await breaches(owner, "ledger") == []


async def test_every_table_has_a_primary_key(owner: asyncpg.Connection) -> None:
    without = await owner.fetch(
        "SELECT oid::regclass FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p') "
        "AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)"
    )
    assert without == []


async def test_a_sound_schema_has_no_breach(scratch: asyncpg.Connection) -> None:
    assert await breaches(scratch, "scratch") == []


@pytest.mark.parametrize(("statement", "rule", "culprit"), BREACHES)
async def test_a_breach_is_seen(scratch: asyncpg.Connection, statement: str, rule: str, culprit: str) -> None:
    await scratch.execute(statement)
    assert (rule, culprit) in await breaches(scratch, "scratch")


def test_every_rule_has_a_breach_that_shows_it() -> None:
    assert {rule for _, rule, _ in BREACHES} == RULES
