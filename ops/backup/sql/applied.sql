SELECT name, digest FROM ledger_migration.applied ORDER BY name
