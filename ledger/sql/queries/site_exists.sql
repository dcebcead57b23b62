SELECT EXISTS (SELECT FROM ledger.site WHERE site = $1)
