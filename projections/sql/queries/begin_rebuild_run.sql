INSERT INTO ledger.rebuild_run (
    site, run, view, check_only, started_at, seen_at, events_read, events_total, differing
)
VALUES ($1, $2, $3, $4, $5, $5, 0, 0, 0)
