-- Reading a large table takes as long as it does, whatever the login is allowed otherwise; for this session alone.
SELECT set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false)
