WITH
relation AS (
    SELECT pg_class.oid, pg_class.relname, pg_class.relkind
    FROM pg_class
    WHERE pg_class.relnamespace = $1::regnamespace
),
first_column AS (
    SELECT pg_attribute.attrelid AS oid, pg_attribute.attnum AS number, pg_attribute.attname AS name
    FROM pg_attribute
    JOIN relation ON relation.oid = pg_attribute.attrelid
),
-- What code there is, without its comments: bodies of functions, views, defaults and checks.
code AS (
    SELECT proname AS name, regexp_replace(coalesce(pg_get_function_sqlbody(oid), prosrc), '--[^\n]*', '', 'g') AS text
    FROM pg_proc
    WHERE pronamespace = $1::regnamespace
    UNION ALL
    SELECT relname, pg_get_viewdef(oid) FROM relation WHERE relkind IN ('v', 'm')
    UNION ALL
    SELECT relation.relname, pg_get_expr(pg_attrdef.adbin, pg_attrdef.adrelid)
    FROM pg_attrdef
    JOIN relation ON relation.oid = pg_attrdef.adrelid
    UNION ALL
    SELECT relation.relname, pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint
    JOIN relation ON relation.oid = pg_constraint.conrelid
)

-- A key that does not begin with the site cannot be kept by the node that holds the site.
SELECT 'a unique index begins with site' AS rule, relation.relname::text AS culprit
FROM pg_index
JOIN relation ON relation.oid = pg_index.indexrelid
LEFT JOIN first_column ON first_column.oid = pg_index.indrelid AND first_column.number = pg_index.indkey[0]
WHERE (pg_index.indisunique OR pg_index.indisprimary OR pg_index.indisexclusion)
    AND first_column.name IS DISTINCT FROM 'site'

UNION ALL
SELECT 'a foreign key begins with site on both sides', pg_constraint.conname
FROM pg_constraint
JOIN relation ON relation.oid = pg_constraint.conrelid
LEFT JOIN first_column AS own ON own.oid = pg_constraint.conrelid AND own.number = pg_constraint.conkey[1]
LEFT JOIN pg_attribute AS other
    ON other.attrelid = pg_constraint.confrelid AND other.attnum = pg_constraint.confkey[1]
WHERE pg_constraint.contype = 'f'
    AND (own.name IS DISTINCT FROM 'site' OR other.attname IS DISTINCT FROM 'site')

-- Numbers of a node's own, and numbers that are handed out before they are seen.
UNION ALL
SELECT 'there is no sequence', relname
FROM relation
WHERE relkind = 'S'

UNION ALL
SELECT 'there is no identity column', relation.relname || '.' || pg_attribute.attname
FROM pg_attribute
JOIN relation ON relation.oid = pg_attribute.attrelid
WHERE pg_attribute.attidentity <> ''

UNION ALL
SELECT 'there is no trigger', pg_trigger.tgname
FROM pg_trigger
JOIN relation ON relation.oid = pg_trigger.tgrelid
WHERE NOT pg_trigger.tgisinternal

UNION ALL
SELECT 'there is no rule', pg_rewrite.rulename
FROM pg_rewrite
JOIN relation ON relation.oid = pg_rewrite.ev_class
WHERE pg_rewrite.rulename <> '_RETURN'

-- Transaction numbers mean nothing on another node or after a dump and restore.
UNION ALL
SELECT 'no code uses transaction numbers', name
FROM code
WHERE text ~* '\m(xid8?|xmin|xmax|txid_\w+|pg_snapshot\w*|pg_current_snapshot|pg_current_xact_id\w*|pg_xact_\w+)\M'

UNION ALL
SELECT 'no column holds transaction numbers', relation.relname || '.' || pg_attribute.attname
FROM pg_attribute
JOIN relation ON relation.oid = pg_attribute.attrelid AND relation.relkind IN ('r', 'p')
WHERE pg_attribute.attnum > 0
    AND pg_attribute.atttypid IN ('xid'::regtype, 'xid8'::regtype, 'pg_snapshot'::regtype, 'txid_snapshot'::regtype)

-- Ids and times are made by the application.
UNION ALL
SELECT 'a default is a constant', relation.relname || '.' || pg_attribute.attname
FROM pg_attrdef
JOIN relation ON relation.oid = pg_attrdef.adrelid
JOIN pg_attribute ON pg_attribute.attrelid = pg_attrdef.adrelid AND pg_attribute.attnum = pg_attrdef.adnum
WHERE pg_get_expr(pg_attrdef.adbin, pg_attrdef.adrelid) ~ '\(|CURRENT_|LOCALTIME'

UNION ALL
SELECT 'no code takes an advisory lock', name
FROM code
WHERE text ~* '\mpg_(try_)?advisory_'

UNION ALL
SELECT 'no code sends or awaits NOTIFY', name
FROM code
WHERE text ~* '\m(pg_notify|notify|listen)\M'

-- Another collation sorts otherwise on another machine.
UNION ALL
SELECT 'a text key is COLLATE "C"', relation.relname || '.' || pg_attribute.attname
FROM pg_index
JOIN relation ON relation.oid = pg_index.indrelid
JOIN pg_attribute ON pg_attribute.attrelid = relation.oid AND pg_attribute.attnum = ANY (pg_index.indkey)
WHERE pg_attribute.attcollation NOT IN (0, 'pg_catalog."C"'::regcollation)
GROUP BY relation.relname, pg_attribute.attname

UNION ALL
SELECT 'an index sorts by COLLATE "C"', relation.relname
FROM pg_index
JOIN relation ON relation.oid = pg_index.indexrelid
WHERE NOT pg_index.indcollation::oid[] <@ ARRAY[0, 'pg_catalog."C"'::regcollation]::oid[]

ORDER BY rule, culprit
