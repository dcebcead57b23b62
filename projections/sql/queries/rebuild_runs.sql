SELECT
    run, view, check_only, started_at, seen_at, events_read, events_total, differing, ended_at, outcome
FROM ledger.rebuild_run
WHERE site = $1
ORDER BY run DESC
