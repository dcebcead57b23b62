INSERT INTO ledger.business_entity (site, id) VALUES ($1, $2) ON CONFLICT (site, id) DO NOTHING
