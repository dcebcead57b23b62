SELECT
    consumer.name,
    consumer.position,
    head.position - consumer.position AS behind,
    waiting.recorded_at AS waiting_since
FROM ledger.consumer
JOIN ledger.head ON head.site = consumer.site
LEFT JOIN ledger.event AS waiting
    ON waiting.site = consumer.site AND waiting.position = consumer.position + 1
WHERE consumer.site = $1
ORDER BY consumer.name
