-- Each table of the ledger, with a statement that reads all of it in the order of its primary key.
SELECT
    relation.relnamespace::regnamespace || '.' || relation.relname AS name,
    format(
        'SELECT %s FROM %I.%I ORDER BY %s',
        (
            SELECT string_agg(format('%I', attname), ', ' ORDER BY attnum)
            FROM pg_attribute
            WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
        ),
        relation.relnamespace::regnamespace,
        relation.relname,
        (
            SELECT string_agg(format('%I', attname), ', ' ORDER BY place)
            FROM unnest(pg_index.indkey) WITH ORDINALITY AS part (number, place)
            JOIN pg_attribute ON attrelid = relation.oid AND attnum = part.number
        )
    ) AS statement
FROM pg_class AS relation
JOIN pg_index ON pg_index.indrelid = relation.oid AND pg_index.indisprimary
WHERE relation.relnamespace::regnamespace::text IN ('ledger', 'ledger_migration') AND relation.relkind IN ('r', 'p')
ORDER BY 1
