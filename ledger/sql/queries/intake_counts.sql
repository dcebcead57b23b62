SELECT event_type, outcome, count, last_at, last_reason
FROM ledger.intake_count
WHERE site = $1
ORDER BY event_type, outcome
