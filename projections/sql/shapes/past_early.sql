
        UNION ALL
        SELECT version.*
        FROM (
            SELECT stream, position
            FROM ledger.event
            WHERE site = $1 AND position > {position} AND position <= {none_after} AND recorded_at <= {time}
                AND stream >= 'order-' AND stream < 'order.'
            OFFSET 0
        ) AS event
        CROSS JOIN LATERAL (
            SELECT {columns}
            FROM ledger.order_version
            WHERE site = $1 AND id = substr(event.stream, 7) AND from_position = event.position
            LIMIT 1
        ) AS version
