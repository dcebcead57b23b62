INSERT INTO ledger.order_words AS known (site, order_id, words)
VALUES ($1, $2, array_to_tsvector($3::text[]))
ON CONFLICT (site, order_id) DO UPDATE SET words = excluded.words
WHERE known.words <> excluded.words
