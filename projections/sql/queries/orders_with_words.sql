SELECT order_id
FROM ledger.order_words
WHERE site = $1 AND words @@ $2::text::tsquery
LIMIT $3
