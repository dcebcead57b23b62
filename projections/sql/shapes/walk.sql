-- A page in the order of an index, from its start to its last row. {conditions} pin the index's leading columns.
SELECT {sort} AS sort_value, id, CASE WHEN {is_shown} THEN document END AS document
FROM {table}
WHERE {conditions}
ORDER BY {sort} {direction}, id {direction}
LIMIT {limit}
