SELECT
    rolsuper AS superuser,
    rolcreaterole AS createrole,
    rolcreatedb AS createdb,
    rolreplication AS replication,
    rolbypassrls AS bypassrls,
    has_schema_privilege(oid, 'ledger', 'CREATE') AS "CREATE in the schema"
FROM pg_roles
WHERE rolname = $1
