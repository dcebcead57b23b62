"""New schema files let services of versions before go on, and a file that would not is seen."""

import pytest

from ops.migrations import MIGRATIONS, Migration
from tests.log.migration_rules import (
    FIRST_NUMBER,
    HOLDS_LOCK,
    HOLDS_UP_WRITERS,
    NEEDS_VALUES,
    NOT_ALONE,
    RULES,
    SCANS,
    TAKES_AWAY,
    broken_rules,
)

SOUND = """
    -- A table; what it is for: DROP TABLE nothing.
    CREATE TABLE ledger.place (site text NOT NULL, name text NOT NULL CHECK (name <> ';'), PRIMARY KEY (site, name));
    COMMENT ON TABLE ledger.place IS 'Not to RENAME; not to DROP COLUMN';
    CREATE INDEX place_by_name ON ledger.place (name);
    INSERT INTO ledger.place VALUES ('a', 'b');
    CREATE FUNCTION ledger.places_1() RETURNS bigint LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM place; DROP TABLE place; RETURN 1;
    END
    $$;
    REVOKE ALL ON FUNCTION ledger.places_1 FROM PUBLIC;
    CREATE INDEX change_by_place ON ledger.change (site, place);
    ALTER INDEX ledger.change_by_place SET (fillfactor = 70);
"""
COLUMNS = "ALTER TABLE ledger.event ADD COLUMN place text, ADD COLUMN seen bigint NOT NULL DEFAULT 0"

BREACHES = [
    ("DROP TABLE ledger.event", TAKES_AWAY),
    ("DROP FUNCTION ledger.append_1", TAKES_AWAY),
    ("CREATE OR REPLACE FUNCTION ledger.append_1() RETURNS void LANGUAGE sql AS ''", TAKES_AWAY),
    ("ALTER FUNCTION ledger.append_1 RENAME TO append", TAKES_AWAY),
    ("ALTER TABLE ledger.event RENAME COLUMN body TO text", TAKES_AWAY),
    ("ALTER TABLE ledger.event DROP COLUMN body", TAKES_AWAY),
    ("ALTER TABLE ledger.event ALTER COLUMN position TYPE numeric", TAKES_AWAY),
    ("ALTER TABLE ledger.event ALTER place SET NOT NULL", TAKES_AWAY),
    ("ALTER INDEX ledger.change_by_place RENAME TO place", TAKES_AWAY),
    ("REVOKE SELECT ON ledger.event FROM order_ledger_service", TAKES_AWAY),
    ("TRUNCATE ledger.change", TAKES_AWAY),
    ("ALTER TABLE ledger.event ADD COLUMN place text NOT NULL", NEEDS_VALUES),
    ("ALTER TABLE ledger.event ADD a text, ADD place text NOT NULL", NEEDS_VALUES),
    ("ALTER TABLE ledger.event ADD CONSTRAINT small CHECK (position < 10)", SCANS),
    ("ALTER TABLE ledger.event ADD FOREIGN KEY (site) REFERENCES ledger.site", SCANS),
    ("CREATE INDEX late ON ledger.event (site, recorded_at)", HOLDS_UP_WRITERS),
    ("CREATE UNIQUE INDEX late ON order_view (site, updated_at)", HOLDS_UP_WRITERS),
    ("CREATE INDEX CONCURRENTLY late ON ledger.event (site); SELECT 1", NOT_ALONE),
    ("ALTER TABLE ledger.change ADD COLUMN place text; CREATE INDEX late ON ledger.change (place)", HOLDS_LOCK),
    ("ALTER TABLE ledger.change ADD COLUMN place text; UPDATE ledger.change SET place = ''", HOLDS_LOCK),
]


@pytest.mark.parametrize(
    "migration", [each for each in MIGRATIONS if each.number >= FIRST_NUMBER], ids=lambda each: each.name
)
def test_a_new_migration_lets_services_of_versions_before_go_on(migration: Migration) -> None:
    broken = broken_rules(migration.sql)
    if migration.oldest_service:
        # It says that services which do not know of it are to be stopped first.
        broken.discard(TAKES_AWAY)
    assert broken == set()


@pytest.mark.parametrize("sql", [SOUND, COLUMNS, "CREATE INDEX CONCURRENTLY late ON ledger.event (site)"])
def test_a_sound_migration_breaks_no_rule(sql: str) -> None:
    assert broken_rules(sql) == set()


@pytest.mark.parametrize(("sql", "rule"), BREACHES)
def test_a_breach_is_seen(sql: str, rule: str) -> None:
    assert broken_rules(sql) == {rule}


def test_every_rule_has_a_breach_that_shows_it() -> None:
    assert {rule for _, rule in BREACHES} == set(RULES)
