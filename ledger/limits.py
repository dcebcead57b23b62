"""Every bound of the service in one place, each with its reason. A bound is tested where it is used."""

# The largest integer that every JSON reader keeps exact (RFC 8785, section 3.2.2.3).
INTEGER_MAX = 2**53 - 1

# A request: Chargebee's longest legal form (an import with every field full) is below 16 KiB.
REQUEST_BODY_BYTES_MAX = 256 * 1024
REQUEST_FIELDS_MAX = 1_000
# A client that sends slower than this is holding a connection, not using it.
REQUEST_BODY_S_MAX = 30.0
# Between requests, and for the head of one: longer than Chargebee's SDKs keep an idle connection.
CONNECTION_IDLE_S_MAX = 75.0
REQUEST_LINE_BYTES_MAX = 8_190
REQUEST_HEADER_BYTES_MAX = 16_380
PARAMETER_INDEX_MAX = 999
# Enough to recognise a parameter in an error, whatever was sent.
PARAMETER_NAME_SHOWN_MAX = 200
# Longer than any name of a parameter, so a longer member of a JSON body is unknown and ignored like every unknown
# one. Names are written out for each value below them; without a bound a long one would be copied a thousand times.
JSON_MEMBER_LENGTH_MAX = 100
# The request line of 8 KiB holds some 200 order ids of usual length; a longer list is no list of orders to look up.
FILTER_VALUES_MAX = 250

# Authentication: Chargebee's keys have 40 to 60 characters, and base64 makes a third more of them.
API_KEY_LENGTH_MAX = 200
AUTHORIZATION_LENGTH_MAX = 1_000
# What a process remembers for a moment of keys, hosts and sites, so that callers who try cannot fill its memory.
REMEMBERED_MAX = 10_000
# Requests of a process that are being answered. Beyond it they would wait longer than a client does.
REQUESTS_IN_FLIGHT_MAX = 2_000

# Resources that operators load. A Chargebee invoice holds some hundreds of lines at most.
INVOICE_BYTES_MAX = 1024 * 1024
INVOICE_LINES_MAX = 1_000
# A line has a handful of taxes and discounts: country, state, county, city and district at most.
INVOICE_PARTS_PER_LINE_MAX = 10
INVOICE_CREDIT_NOTES_MAX = 1_000
# A tax rate or a price in decimals has some twenty digits at most.
DECIMAL_LENGTH_MAX = 40
JSON_DEPTH_MAX = 20

# Pages (chargebee/conventions.md, section 8).
PAGE_LIMIT_MAX = 100
PAGE_LIMIT_DEFAULT = 10
OFFSET_LENGTH_MAX = 1_000

# Headers (chargebee/contract.json, headers.request).
IDEMPOTENCY_KEY_LENGTH_MAX = 100
BUSINESS_ENTITY_ID_LENGTH_MAX = 50
ORIGIN_HEADER_LENGTH_MAX = 250
IDEMPOTENCY_WINDOW_MS = 30 * 60 * 1000

# One order (chargebee/orders.md, section 6).
RESENDS_PER_ORDER_MAX = 5
ORDER_LINES_MAX = INVOICE_LINES_MAX

# Settings of a site.
SETTING_LIST_MAX = 200
CATALOG_ITEMS_MAX = 10_000

# Names.
SITE_LENGTH_MAX = 50
KEY_NAME_LENGTH_MAX = 50
NUMBER_DIGITS_MAX = 15  # a longer numeric id does not move the order number sequence; 10^15 < 2^53

# A command that loses its race is decided again this often, then answered lock_timeout: with eight writers on
# one order a command wins within four attempts on average, so sixteen are beyond bad luck.
COMMAND_ATTEMPTS_MAX = 16
# Commands of one process that wait for the same stream before they are told lock_timeout.
STREAM_WAIT_S_MAX = 10.0

# The appender: a batch holds what arrives during one commit; 64 clients give batches of about 30.
BATCH_COMMANDS_MAX = 200
BATCH_BYTES_MAX = 4 * 1024 * 1024
# Commands waiting for a commit, per site. At 2,000 a second this is a wait of half a second.
APPEND_QUEUE_MAX = 1_000
# How long an append is tried again after the connection broke, before the client is told 503.
APPEND_RETRY_S_MAX = 10.0
STATEMENT_TIMEOUT_S = 30.0

# Reading.
STREAM_EVENTS_MAX = 100_000
LOG_PAGE_EVENTS = 500

# Time a duplicate of a running idempotent request waits for the first one.
IDEMPOTENCY_WAIT_S_MAX = 5.0
