SELECT projection, stream, position, version, reason, parked_at
FROM ledger.parked
WHERE site = $1
ORDER BY parked_at, projection, stream
