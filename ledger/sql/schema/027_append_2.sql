-- The way into the log, as 004 has it and with the same outcomes, made to cost the same on a log of any length.
--
-- A plan lives as long as its connection, and one that was made when the tables were empty would go on reading all of
-- them: each look-up here is of one row by its index, whatever the planner believes about the size of a table.
--
-- As in 004, arrays of one letter belong together, and `command` numbers the commands of the batch from 1.
--   s_  streams: what a command expects, one row per stream it writes to
--   r_  remembered: streams that a command was decided on without a look at the log; `leaf` is that of the last event,
--       NULL where there was none. Whoever remembered what is not so any more lost a race
--   e_  events, in the order of the log
--   v_  rows of the order view; `place` is that of the event among the e_ after which the order is as shown, from 1
--   n_  numbers that were given to orders, so that the series goes on behind them
--   a_  idempotent answers
--
-- Commands whose outcome is `appended` are left out of what is returned.
CREATE FUNCTION ledger.append_2(
    p_site text,
    p_now bigint,
    s_command integer[], s_stream text[], s_version integer[], s_event_id text[],
    r_command integer[], r_stream text[], r_version integer[], r_leaf bytea[],
    e_command integer[], e_stream text[], e_version integer[], e_type text[], e_recorded_at bigint[],
    e_event_id text[], e_leaf bytea[], e_body bytea[],
    v_command integer[], v_place integer[], v_id text[], v_version integer[], v_deleted boolean[], v_status text[],
    v_order_type text[], v_invoice_id text[], v_subscription_id text[], v_original_order_id text[],
    v_document_number text[], v_business_entity_id text[], v_resent_status text[], v_is_resent boolean[],
    v_created_at bigint[], v_updated_at bigint[], v_order_date bigint[], v_shipping_date bigint[],
    v_shipped_at bigint[], v_paid_on bigint[], v_document bytea[],
    n_command integer[], n_series text[], n_value bigint[],
    a_command integer[], a_key text[], a_digest bytea[], a_status integer[], a_body bytea[], a_expires_at bigint[]
) RETURNS TABLE (command integer, outcome text)
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    head_position bigint;
    added bigint;
    conflicts integer[] := '{}';
    repeats integer[] := '{}';
    answered integer[] := '{}';
    lost integer[];
BEGIN
    SELECT head.position INTO head_position FROM ledger.head WHERE head.site = p_site FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such site' USING ERRCODE = 'no_data_found';
    END IF;

    -- Whoever expects another version than the stream has, or the same stream as a command before it in the batch.
    SELECT
        coalesce(array_agg(DISTINCT expected.command) FILTER (WHERE NOT expected.is_repeat), '{}'),
        coalesce(array_agg(DISTINCT expected.command) FILTER (WHERE expected.is_repeat), '{}')
    INTO conflicts, repeats
    FROM (
        SELECT
            s.command,
            coalesce(present.event_id = s.event_id, false) AS is_repeat,
            coalesce(latest.version, 0) <> s.version
                OR row_number() OVER (PARTITION BY s.stream ORDER BY s.command) > 1 AS is_lost
        FROM unnest(s_command, s_stream, s_version, s_event_id) AS s (command, stream, version, event_id)
        LEFT JOIN LATERAL (
            SELECT event.version
            FROM ledger.event
            WHERE event.site = p_site AND event.stream = s.stream
            ORDER BY event.version DESC
            LIMIT 1
        ) AS latest ON true
        LEFT JOIN LATERAL (
            SELECT event.event_id
            FROM ledger.event
            WHERE event.site = p_site AND event.stream = s.stream AND event.version = s.version + 1
                AND latest.version > s.version
            LIMIT 1
        ) AS present ON true
    ) AS expected
    WHERE expected.is_lost;

    -- Many remember the same: each stream is looked up once.
    IF cardinality(r_command) > 0 THEN
        SELECT conflicts || coalesce(array_agg(DISTINCT r.command), '{}')
        INTO conflicts
        FROM unnest(r_command, r_stream, r_version, r_leaf) AS r (command, stream, version, leaf)
        JOIN (
            SELECT once.stream, coalesce(latest.version, 0) AS version, latest.leaf
            FROM (SELECT DISTINCT stream FROM unnest(r_stream) AS every (stream)) AS once
            LEFT JOIN LATERAL (
                SELECT event.version, event.leaf
                FROM ledger.event
                WHERE event.site = p_site AND event.stream = once.stream
                ORDER BY event.version DESC
                LIMIT 1
            ) AS latest ON true
        ) AS present USING (stream)
        WHERE (r.version, r.leaf) IS DISTINCT FROM (present.version, present.leaf)
            AND NOT r.command = ANY (repeats);
    END IF;

    -- A document number is used once on a site, deleted orders included. The head lock makes the look-up final.
    IF cardinality(array_remove(v_document_number, NULL)) > 0 THEN
        SELECT conflicts || coalesce(array_agg(DISTINCT numbered.command), '{}')
        INTO conflicts
        FROM (
            SELECT
                v.command,
                row_number() OVER (PARTITION BY v.document_number ORDER BY v.command) > 1
                    OR taken.id IS NOT NULL AS is_taken
            FROM unnest(v_command, v_id, v_document_number) AS v (command, id, document_number)
            LEFT JOIN LATERAL (
                SELECT order_view.id
                FROM ledger.order_view
                WHERE order_view.site = p_site
                    AND order_view.document_number = v.document_number
                    AND order_view.id <> v.id
                LIMIT 1
            ) AS taken ON true
            WHERE v.document_number IS NOT NULL
        ) AS numbered
        WHERE numbered.is_taken AND NOT numbered.command = ANY (repeats);
    END IF;

    -- An answer without events has no event id to be recognised by when it is sent again: its contents tell.
    IF cardinality(a_command) > 0 THEN
        SELECT
            coalesce(array_agg(keyed.command) FILTER (WHERE NOT keyed.is_repeat), '{}'),
            repeats || coalesce(array_agg(keyed.command) FILTER (WHERE keyed.is_repeat), '{}')
        INTO answered, repeats
        FROM (
            SELECT
                a.command,
                row_number() OVER (PARTITION BY a.key ORDER BY a.command) > 1 OR stored.key IS NOT NULL AS is_answered,
                NOT a.command = ANY (s_command) AND coalesce(
                    (stored.digest, stored.status, stored.body, stored.expires_at)
                        = (a.digest, a.status, a.body, a.expires_at),
                    false
                ) AS is_repeat
            FROM unnest(a_command, a_key, a_digest, a_status, a_body, a_expires_at)
                AS a (command, key, digest, status, body, expires_at)
            LEFT JOIN LATERAL (
                SELECT kept.key, kept.digest, kept.status, kept.body, kept.expires_at
                FROM ledger.idempotent_answer AS kept
                WHERE kept.site = p_site AND kept.key = a.key AND kept.expires_at > p_now
                LIMIT 1
            ) AS stored ON true
        ) AS keyed
        WHERE keyed.is_answered AND NOT keyed.command = ANY (repeats);
    END IF;

    lost := conflicts || repeats || answered;

    INSERT INTO ledger.event (site, position, stream, version, type, recorded_at, event_id, leaf, body)
    SELECT p_site, head_position + row_number() OVER (ORDER BY e.place),
        e.stream, e.version, e.type, e.recorded_at, e.event_id, e.leaf, e.body
    FROM unnest(e_command, e_stream, e_version, e_type, e_recorded_at, e_event_id, e_leaf, e_body)
        WITH ORDINALITY
        AS e (command, stream, version, type, recorded_at, event_id, leaf, body, place)
    WHERE NOT e.command = ANY (lost);
    GET DIAGNOSTICS added = ROW_COUNT;

    IF added > 0 THEN
        UPDATE ledger.head SET position = head_position + added WHERE head.site = p_site;
    END IF;

    IF cardinality(v_command) > 0 THEN
        INSERT INTO ledger.order_view AS present (
            site, id, version, position, deleted, status, order_type, invoice_id, subscription_id, original_order_id,
            document_number, business_entity_id, resent_status, is_resent, created_at, updated_at, order_date,
            shipping_date, shipped_at, paid_on, document
        )
        SELECT
            p_site, v.id, v.version,
            head_position + v.place - CASE
                WHEN lost = '{}' THEN 0
                -- Events of losers are not in the log: those behind them move up.
                ELSE (SELECT count(*) FROM unnest(e_command[:v.place]) AS e (command) WHERE e.command = ANY (lost))
            END,
            v.deleted, v.status, v.order_type, v.invoice_id, v.subscription_id,
            v.original_order_id, v.document_number, v.business_entity_id, v.resent_status, v.is_resent, v.created_at,
            v.updated_at, v.order_date, v.shipping_date, v.shipped_at, v.paid_on, v.document
        FROM unnest(
            v_command, v_place, v_id, v_version, v_deleted, v_status, v_order_type, v_invoice_id, v_subscription_id,
            v_original_order_id, v_document_number, v_business_entity_id, v_resent_status, v_is_resent, v_created_at,
            v_updated_at, v_order_date, v_shipping_date, v_shipped_at, v_paid_on, v_document
        ) AS v (
            command, place, id, version, deleted, status, order_type, invoice_id, subscription_id, original_order_id,
            document_number, business_entity_id, resent_status, is_resent, created_at, updated_at, order_date,
            shipping_date, shipped_at, paid_on, document
        )
        WHERE NOT v.command = ANY (lost)
        ON CONFLICT (site, id) DO UPDATE SET
            version = excluded.version,
            position = excluded.position,
            deleted = excluded.deleted,
            status = excluded.status,
            order_type = excluded.order_type,
            invoice_id = excluded.invoice_id,
            subscription_id = excluded.subscription_id,
            original_order_id = excluded.original_order_id,
            document_number = excluded.document_number,
            business_entity_id = excluded.business_entity_id,
            resent_status = excluded.resent_status,
            is_resent = excluded.is_resent,
            created_at = excluded.created_at,
            updated_at = excluded.updated_at,
            order_date = excluded.order_date,
            shipping_date = excluded.shipping_date,
            shipped_at = excluded.shipped_at,
            paid_on = excluded.paid_on,
            document = excluded.document;
    END IF;

    IF cardinality(n_command) > 0 THEN
        INSERT INTO ledger.number_series AS present (site, series, next)
        SELECT p_site, n.series, max(n.value) + 1
        FROM unnest(n_command, n_series, n_value) AS n (command, series, value)
        WHERE NOT n.command = ANY (lost)
        GROUP BY n.series
        ON CONFLICT (site, series) DO UPDATE SET next = greatest(present.next, excluded.next);
    END IF;

    IF cardinality(a_command) > 0 THEN
        INSERT INTO ledger.idempotent_answer AS present (site, key, digest, status, body, expires_at)
        SELECT p_site, a.key, a.digest, a.status, a.body, a.expires_at
        FROM unnest(a_command, a_key, a_digest, a_status, a_body, a_expires_at)
            AS a (command, key, digest, status, body, expires_at)
        WHERE NOT a.command = ANY (lost)
        ON CONFLICT (site, key) DO UPDATE SET
            digest = excluded.digest,
            status = excluded.status,
            body = excluded.body,
            expires_at = excluded.expires_at;
    END IF;

    RETURN QUERY
    SELECT DISTINCT other.command, CASE WHEN other.command = ANY (answered) THEN 'answered' ELSE 'conflict' END
    FROM unnest(answered || conflicts) AS other (command);
END
$$;
COMMENT ON FUNCTION ledger.append_2 IS 'Append a batch of commands; see the file for its outcomes';

REVOKE ALL ON FUNCTION ledger.append_2 FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.append_2 TO order_ledger_service;
