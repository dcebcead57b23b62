SELECT count, last_at
FROM ledger.request_not_kept
WHERE site = $1 AND reason = $2
