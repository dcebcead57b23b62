-- How far a run is; with an outcome ($7) that was its end.
UPDATE ledger.rebuild_run
SET
    seen_at = $3::bigint,
    events_read = $4,
    events_total = $5,
    differing = $6,
    outcome = $7::text,
    ended_at = CASE WHEN $7::text IS NOT NULL THEN $3::bigint END
WHERE site = $1 AND run = $2
