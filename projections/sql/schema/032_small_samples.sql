-- What the database does by itself while commands are written, made small: it took a third of its time, in bursts that
-- commands waited for (docs/performance.md).
--
-- Statements are planned once, for whatever values they are run with (ops/database.py): a plan needs to know how many
-- values a column has, not which. A tenth of the default sample tells that as well, and a table that grows is sampled
-- again and again. An index of expressions has columns of its own, and a table is sampled for the one that wants most.
DO $$
DECLARE
    sampled record;
BEGIN
    FOR sampled IN
        SELECT class.oid::regclass AS name, class.relkind = 'i' AS is_index, attribute.attname, attribute.attnum
        FROM pg_class AS class
        JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
        LEFT JOIN pg_index AS index ON index.indexrelid = class.oid
        WHERE class.relnamespace = 'ledger'::regnamespace
            AND attribute.attnum > 0
            AND NOT attribute.attisdropped
            AND (class.relkind = 'r' OR index.indkey[attribute.attnum - 1] = 0)
    LOOP
        IF sampled.is_index THEN
            EXECUTE format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS 10', sampled.name, sampled.attnum);
        ELSE
            EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 10', sampled.name, sampled.attname);
        END IF;
    END LOOP;
END
$$;

-- Nor does it have to know that often: what a plan needs changes with the size of a table, not with its last rows.
ALTER TABLE ledger.event SET (autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE ledger.idempotent_answer SET (autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE ledger.request SET (autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE ledger.order_view SET (autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE ledger.order_version SET (autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE ledger.order_version_document SET (autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE ledger.order_words SET (autovacuum_analyze_scale_factor = 0.5);
ALTER TABLE ledger.change SET (autovacuum_analyze_scale_factor = 0.5);

-- New words wait in a list until there are so many kilobytes of them, and then one who adds words, or autovacuum, sorts
-- all of them in. With 512 in place of 4,096 that is as cheap in all, and the longest wait was 43 ms in place of 170.
ALTER INDEX ledger.order_words_by_word SET (gin_pending_list_limit = 512);
