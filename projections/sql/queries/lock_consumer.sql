SELECT position FROM ledger.consumer WHERE site = $1 AND name = $2 FOR UPDATE
