SELECT EXISTS (SELECT FROM ledger.event WHERE site = $1 AND stream = $2 AND version = 1)
