SELECT
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('data_checksums') AS data_checksums,
    current_setting('server_encoding') AS server_encoding,
    current_setting('autovacuum') AS autovacuum,
    (SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout') AS statement_timeout_ms,
    current_setting('max_connections')::integer AS connections_max,
    -- Who is connected is not for every login to see; how many are is.
    (SELECT sum(numbackends)::integer FROM pg_stat_database) AS connections
