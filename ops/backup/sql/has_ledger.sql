SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname IN ('ledger', 'ledger_migration'))
