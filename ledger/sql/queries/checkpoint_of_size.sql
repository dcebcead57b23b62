SELECT size, note, signed_at FROM ledger.checkpoint WHERE site = $1 AND size = $2
