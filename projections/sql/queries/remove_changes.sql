-- The index of the log behind a position ($2) and up to another ($3), or to the end. The service may not do this.
DELETE FROM ledger.change
WHERE site = $1 AND position > $2 AND position <= coalesce($3::bigint, 9223372036854775807)
