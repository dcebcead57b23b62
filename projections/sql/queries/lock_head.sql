SELECT position FROM ledger.head WHERE site = $1 FOR UPDATE
