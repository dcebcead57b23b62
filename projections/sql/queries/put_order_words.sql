-- Words are letters and digits, sites have no spaces: a space separates them.
INSERT INTO ledger.order_words AS known (site, order_id, words)
SELECT $1, found.id, array_to_tsvector(string_to_array(found.words, ' '))
FROM unnest($2::text[], $3::text[]) AS found (id, words)
ON CONFLICT (site, order_id) DO UPDATE SET words = excluded.words
WHERE known.words <> excluded.words
