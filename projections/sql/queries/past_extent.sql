-- How far log and index of past orders go, and where a moment is in them: a position ($3) or a time ($4), the other is
-- null. `latest_ms_at`: no event up to the position is later. Up to `all_until` every event was recorded until the
-- time, behind `none_after` none was: between two pages of the index (`within`) the events themselves tell.
SELECT
    head.position AS head,
    coalesce(consumer.position, 0) AS indexed,
    known.latest_ms,
    known.lag_ms_max,
    known.lead_s_max,
    (SELECT recorded_at FROM ledger.event WHERE event.site = $1 AND event.position = 1) AS began_ms,
    (
        SELECT page.latest_ms
        FROM ledger.order_version_page AS page
        WHERE page.site = $1 AND page.position >= $3::bigint
        ORDER BY page.position
        LIMIT 1
    ) AS latest_ms_at,
    coalesce(near.first_later - 1, near.last, 0) AS all_until,
    coalesce(near.last_until, near.first, 0) AS none_after
FROM ledger.head
LEFT JOIN ledger.consumer ON consumer.site = head.site AND consumer.name = $2
LEFT JOIN LATERAL (
    SELECT page.latest_ms, page.lag_ms_max, page.lead_s_max
    FROM ledger.order_version_page AS page
    WHERE page.site = head.site
    ORDER BY page.position DESC
    LIMIT 1
) AS known ON true
LEFT JOIN LATERAL (
    SELECT
        within.first,
        within.last,
        max(event.position) FILTER (WHERE event.recorded_at <= $4::bigint) AS last_until,
        min(event.position) FILTER (WHERE event.recorded_at > $4::bigint) AS first_later
    FROM (
        SELECT
            coalesce((
                SELECT page.position
                FROM ledger.order_version_page AS page
                WHERE page.site = $1 AND page.latest_ms <= $4::bigint
                ORDER BY page.latest_ms DESC, page.position DESC
                LIMIT 1
            ), 0) AS first,
            coalesce((
                SELECT page.position
                FROM ledger.order_version_page AS page
                WHERE page.site = $1 AND page.latest_ms > $4::bigint + known.lag_ms_max
                ORDER BY page.latest_ms, page.position
                LIMIT 1
            ), consumer.position) AS last
        WHERE $4::bigint IS NOT NULL
    ) AS within
    LEFT JOIN ledger.event
        ON event.site = $1 AND event.position > within.first AND event.position <= within.last
    GROUP BY within.first, within.last
) AS near ON true
WHERE head.site = $1
