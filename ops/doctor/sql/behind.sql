-- Consumers that have not come to the end of some log, and since when the oldest event waits for them.
SELECT
    consumer.name,
    count(*) AS sites,
    sum(head.position - consumer.position)::bigint AS behind,
    min(event.recorded_at) AS waiting_since
FROM ledger.consumer
JOIN ledger.head ON head.site = consumer.site AND head.position > consumer.position
JOIN ledger.event ON event.site = consumer.site AND event.position = consumer.position + 1
GROUP BY consumer.name
ORDER BY consumer.name
