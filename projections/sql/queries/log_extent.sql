SELECT head.position AS head, coalesce(consumer.position, 0) AS indexed
FROM ledger.head
LEFT JOIN ledger.consumer ON consumer.site = head.site AND consumer.name = $2
WHERE head.site = $1
