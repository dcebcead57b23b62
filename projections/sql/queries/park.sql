INSERT INTO ledger.parked AS known (site, projection, stream, position, version, reason, parked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (site, projection, stream) DO UPDATE
SET position = excluded.position, version = excluded.version, reason = excluded.reason
WHERE (known.position, known.version, known.reason) <> (excluded.position, excluded.version, excluded.reason)
