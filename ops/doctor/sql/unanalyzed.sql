-- Tables that have grown and that the planner has no statistics of.
SELECT relid::regclass::text AS name
FROM pg_stat_user_tables AS grown
WHERE
    schemaname = 'ledger'
    AND n_live_tup > 10000
    AND coalesce(last_analyze, last_autoanalyze) IS NULL
    AND NOT EXISTS (SELECT FROM pg_stats WHERE schemaname = 'ledger' AND tablename = grown.relname)
ORDER BY 1
