-- The log. Rows are only ever inserted; positions come from the site's head row and have no gaps.
CREATE TABLE ledger.head (
    site text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES ledger.site (site),
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0)
) WITH (fillfactor = 10);
COMMENT ON TABLE ledger.head IS 'The last position of each site. Locked by whoever appends, until the commit';

CREATE TABLE ledger.event (
    site text COLLATE "C" NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    stream text COLLATE "C" NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    type text COLLATE "C" NOT NULL,
    recorded_at bigint NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    leaf bytea NOT NULL CHECK (length(leaf) = 32),
    body bytea NOT NULL,
    PRIMARY KEY (site, position),
    UNIQUE (site, stream, version),
    UNIQUE (site, event_id)
);
COMMENT ON COLUMN ledger.event.body IS 'Canonical JSON, exactly the bytes that leaf hashes';
COMMENT ON COLUMN ledger.event.leaf IS 'SHA-256(0x00 || body)';
COMMENT ON COLUMN ledger.event.recorded_at IS 'Milliseconds since 1970, strictly increasing within a stream';

CREATE TABLE ledger.number_series (
    site text COLLATE "C" NOT NULL,
    series text COLLATE "C" NOT NULL,
    next bigint NOT NULL CHECK (next > 0),
    PRIMARY KEY (site, series)
);
COMMENT ON TABLE ledger.number_series IS
    'Where the search for a free number starts. A hint: that a number is free is checked by the append';

CREATE TABLE ledger.idempotent_answer (
    site text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    status integer NOT NULL,
    body bytea NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (site, key)
);
COMMENT ON COLUMN ledger.idempotent_answer.digest IS 'SHA-256 over what makes two requests the same';
CREATE INDEX idempotent_answer_by_expiry ON ledger.idempotent_answer (expires_at);

CREATE TABLE ledger.consumer (
    site text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    PRIMARY KEY (site, name)
);
COMMENT ON TABLE ledger.consumer IS 'How far each durable consumer of the log has come';

CREATE VIEW ledger.event_readable AS
SELECT
    site,
    position,
    stream,
    version,
    type,
    to_timestamp(recorded_at / 1000.0) AS recorded_at,
    event_id,
    encode(leaf, 'hex') AS leaf,
    convert_from(body, 'UTF8')::jsonb AS body
FROM ledger.event;
COMMENT ON VIEW ledger.event_readable IS 'The log for people at a psql prompt';
