INSERT INTO ledger.parked_invoice AS present (site, invoice_id, position, reason, attempts, parked_at, next_at)
VALUES ($1, $2, $3, $4, 1, $5::bigint, $5::bigint + $6::bigint)
ON CONFLICT (site, invoice_id) DO UPDATE
SET position = greatest(present.position, excluded.position),
    reason = excluded.reason,
    attempts = present.attempts + 1,
    -- Twice as long each time, up to a bound.
    next_at = $5::bigint + least($7::bigint, $6::bigint * (2 ^ least(present.attempts, 20))::bigint)
