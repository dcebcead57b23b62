-- The longest lag of an event's time behind the latest before it; most are within the ten seconds of the index.
SELECT greatest(10000, max(latest_at - recorded_at))
FROM ledger.change
WHERE site = $1 AND latest_at - recorded_at > 10000
