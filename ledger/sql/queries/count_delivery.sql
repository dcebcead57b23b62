INSERT INTO ledger.intake_count AS present (site, event_type, outcome, count, last_at, last_reason)
VALUES ($1, $2, $3, 1, $4, $5)
ON CONFLICT (site, event_type, outcome) DO UPDATE
SET count = present.count + 1,
    last_at = greatest(present.last_at, excluded.last_at),
    last_reason = excluded.last_reason
