DELETE FROM ledger.intake_event
WHERE site = $1 AND event_id IN (
    SELECT event_id
    FROM ledger.intake_event
    WHERE site = $1 AND received_at < $2
    ORDER BY received_at
    LIMIT $3
)
