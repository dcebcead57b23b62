SELECT EXISTS (SELECT FROM ledger.business_entity WHERE site = $1 AND id = $2)
