-- Counted and remembered in one statement. Two deliveries at once were both taken in: what they changed, they changed
-- once.
WITH remembered AS (
    INSERT INTO ledger.intake_event (site, event_id, event_type, outcome, received_at, request_id)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (site, event_id) DO NOTHING
)
INSERT INTO ledger.intake_count AS present (site, event_type, outcome, count, last_at)
VALUES ($1, $3, $4, 1, $5)
ON CONFLICT (site, event_type, outcome) DO UPDATE
SET count = present.count + 1, last_at = greatest(present.last_at, excluded.last_at)
