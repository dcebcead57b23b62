-- Rights of a role to change or remove what the log stands on. Columns too: tiles alone may be widened.
SELECT relation::text, privilege
FROM unnest(ARRAY['ledger.event', 'ledger.checkpoint', 'ledger.anchor', 'ledger.tile']::regclass[]) AS relation
CROSS JOIN unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) AS privilege
WHERE has_table_privilege($1, relation, privilege)

UNION ALL
SELECT relation::text, 'UPDATE of columns'
FROM unnest(ARRAY['ledger.event', 'ledger.checkpoint', 'ledger.anchor']::regclass[]) AS relation
WHERE has_any_column_privilege($1, relation, 'UPDATE') AND NOT has_table_privilege($1, relation, 'UPDATE')

ORDER BY 1, 2
