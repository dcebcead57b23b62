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
# How long a process that another replaces leaves idle connections open: a client that asks at least as often is
# answered and told to connect anew; one that is silent for longer finds its connection closed before it asks again.
CONNECTION_DRAIN_S = 10.0
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
# A gift is scheduled, unclaimed, claimed, cancelled or expired, each about once.
GIFT_TIMELINES_MAX = 100
# A tax rate or a price in decimals has some twenty digits at most.
DECIMAL_LENGTH_MAX = 40
JSON_DEPTH_MAX = 20

# Pages (chargebee/conventions.md, section 8).
PAGE_LIMIT_MAX = 100
PAGE_LIMIT_DEFAULT = 10
OFFSET_LENGTH_MAX = 1_000
# RFC 3339 with nanoseconds and an offset has 35 characters.
TIME_TEXT_LENGTH_MAX = 40

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
# A year in the smallest unit; in the largest, a date of it is still one that can be written.
SHIPPING_PERIOD_MAX = 365
LEAD_DAYS_MAX = 365

# Generation (chargebee/order-generation.md): orders of one line, nearly three years of daily ones; and shares of lines
# in the orders of one invoice, all of which are written in one append of at most some 100 MB.
ORDERS_PER_LINE_MAX = 1_000
GENERATED_LINES_MAX = 50_000

# Names.
SITE_LENGTH_MAX = 50
KEY_NAME_LENGTH_MAX = 50
NUMBER_DIGITS_MAX = 15  # a longer numeric id does not move the order number sequence; 10^15 < 2^53

# Seconds that a key is remembered without asking the database: one that is revoked stops working within that time.
KEY_MEMORY_S = 1.0

# A command that loses its race is decided again this often, then answered lock_timeout: with eight writers on
# one order a command wins within four attempts on average, so sixteen are beyond bad luck.
COMMAND_ATTEMPTS_MAX = 16
# Commands of one process that wait for the same stream before they are told lock_timeout.
STREAM_WAIT_S_MAX = 10.0

# The appender: a batch holds what arrives during one commit; 64 clients give batches of about 30.
BATCH_COMMANDS_MAX = 200
BATCH_BYTES_MAX = 4 * 1024 * 1024
# How long behind the last commit the next one lets in those that are coming, at most.
LETTING_IN_S_MAX = 0.01
# Commands waiting for a commit, per site. At 2,000 a second this is a wait of half a second.
APPEND_QUEUE_MAX = 1_000
# How long an append is tried again after the connection broke, before the client is told 503.
APPEND_RETRY_S_MAX = 10.0
STATEMENT_TIMEOUT_S = 30.0
# How long anybody waits for a connection of the pool, or to give one back: a server that hangs is answered with 503.
DATABASE_WAIT_S_MAX = 10.0
# And for each event of an append. Usual ones have a few hundred; an invoice may bring 50,000 orders about at once, of
# which a busy machine writes about a thousand in a second.
APPEND_EVENT_S_MAX = 0.01

# Reading.
STREAM_EVENTS_MAX = 100_000
# Keys of a site that one statement reads for the commands that share it, and statements under way at a time: while
# one reads a stream of many thousand events, the others go on with another.
SHARED_READ_KEYS_MAX = 500
SHARED_READS_AT_ONCE = 2
# Streams whose state a process remembers; their bodies stand for the states, which take several times as much.
STREAMS_REMEMBERED_MAX = 5_000
STREAMS_REMEMBERED_BYTES_MAX = 16 * 1024 * 1024
LOG_PAGE_EVENTS = 500
# The end of a log that is remembered for its consumers: some 3 MB of a site, and seldom of many sites.
RECENT_LOG_EVENTS_MAX = 4 * LOG_PAGE_EVENTS
RECENT_LOG_SITES_MAX = 20
# Streams of orders asked for in one statement: some 10 MB.
STREAMS_READ_AT_ONCE = 1_000
# Events that are folded, or looked at for a history, before others get their turn: a few milliseconds.
FOLD_EVENTS_AT_ONCE = 100

# A page of a site's log steps over so many events that do not match, some 50 ms, then ends early and says where to go
# on.
CHANGES_LOOKED_AT_MAX = 50_000
# Events that the index of the log has not come to and that a page reads itself: two pages of the log.
CHANGES_BEHIND_INDEX_MAX = 2 * LOG_PAGE_EVENTS

# Orders whose invoice and entity a verification keeps at hand while it reads the log: some 10 MB. Of others the first
# event is read again.
OWNERS_REMEMBERED_MAX = 50_000
# From so many events on a verification compares orders in a second process: it takes half a second to come up, in which
# some ten thousand events are verified.
COMPARED_APART_FROM_EVENTS = 20_000

# The list of events (chargebee/events.md, section 2). A filter by id or webhook status that so few events pass is
# answered from these, some 40 ms of work; one that more pass is checked along the list.
EVENT_CANDIDATES_MAX = 5_000
# Such a page looks at so many events, some 50 ms of work, then ends early and says where to go on.
EVENTS_LOOKED_AT_MAX = 10_000
# How long an event can be retrieved by its id, and how far a filter by webhook status looks back by itself.
EVENT_RETRIEVED_DAYS_MAX = 90
WEBHOOK_STATUS_FILTER_DAYS = 6

# Live streams of changes. Each reads the log for itself and holds a page of it; a dashboard and a few consumers of a
# site need no more.
STREAMS_PER_SITE_MAX = 20
STREAMS_PER_PROCESS_MAX = 100
# Those of people who look at the console: a page that is seen has one, whatever clients of the API have open.
CONSOLE_STREAMS_PER_SITE_MAX = 10
CONSOLE_STREAMS_PER_PROCESS_MAX = 50
# A client that takes nothing for so long is gone, or might as well be: it goes on later from where it was.
STREAM_WRITE_S_MAX = 30.0

# Time a duplicate of a running idempotent request waits for the first one.
IDEMPOTENCY_WAIT_S_MAX = 5.0

# Rows that a rebuild puts in place under one lock of the site's head: some 100 ms during which appends wait.
REBUILD_SWAP_ROWS = 500
# A rebuild writes down how far it is once a second, and one that has not for so long was killed: a page of a busy disk
# takes a second or two. Runs of a site that are kept for who asks how the last ones ended.
REBUILD_BEAT_S = 1.0
REBUILD_SILENT_S = 15.0
REBUILD_RUNS_KEPT = 20

# Checkpoints: at most about one a second and site, so that a log of years has fewer checkpoints than events.
CHECKPOINT_PAUSE_S = 1.0
# A file takes an anchor in a millisecond; elsewhere nobody wants one a second of each site. Ten seconds of events are
# what an owner of database and key could rewrite unseen.
ANCHOR_PAUSE_S = 10.0
ANCHOR_URLS_MAX = 10
ANCHOR_TIMEOUT_S = 10.0
# Then the place is left alone until the next round, which brings a later checkpoint anyway.
ANCHOR_ATTEMPTS_MAX = 3
ANCHOR_RETRY_S = 1.0
# Events of one proof file whose tiles are read together: at most a few hundred tiles of 8 KiB.
PROOF_PAGE_EVENTS = 100

# Requests that are kept for people. What waits to be written: five seconds at 1,000 a second, some 5 MB; beyond it
# they are counted only.
REQUESTS_QUEUED_MAX = 5_000
REQUESTS_WRITTEN_AT_ONCE = 500
# A statement that takes longer than this meets a lock or a server in trouble; it is sent again.
REQUESTS_WRITE_S_MAX = 10.0
# How long a process that stops goes on writing them: less than its parent waits for it.
REQUESTS_CLOSE_S_MAX = 5.0
# How long, unless the operator says otherwise.
REQUESTS_KEPT_DAYS = 30
# Of each site. A row has about 600 bytes with its indexes, so a site that is never quiet fills some 600 MB.
REQUESTS_KEPT_MAX = 1_000_000
REQUESTS_FORGOTTEN_AT_ONCE = 2_000
# Twice what the largest form of an order has; an update of a thousand lines is recognised by its first ones.
REQUEST_PARAMETERS_KEPT_MAX = 100
# Refusals beside one page of an order's history.
REFUSALS_IN_HISTORY_MAX = 200

# Lists of the past: events that the index of past orders has not come to and that a page folds itself, some 50 ms; how
# long a page waits for the index to come near enough, which is longer than it takes after a burst; and how long a
# caller is told to wait then: about as long as the index needs for a million events.
PAST_EVENTS_BEHIND_INDEX_MAX = 2 * LOG_PAGE_EVENTS
PAST_INDEX_WAIT_S_MAX = 2.0
PAST_INDEX_RETRY_S = 30
# The largest document of a past version that is kept, some thirty lines: a page of such is folded in half a second, and
# each change of an order keeps its document once more.
PAST_DOCUMENT_BYTES_MAX = 16_384

# A drill verifies its copy some 25 times: about a second each with so many events. Its tamperings need a few events of
# each kind, and its sample has enough for several tiles.
DRILL_EVENTS_MAX = 20_000
DRILL_EVENTS_MIN = 20
DRILL_SAMPLE_EVENTS = 600

# The clock: how often it looks for orders whose dates are reached, which may be told within a minute; how many of a
# site it tells then, so that a million of them, on a day like any other or at the first start, take a few hours and
# leave room for everybody else; and when it looks again at an order that cannot be read.
CLOCK_LOOK_S = 1.0
CLOCK_ORDERS_AT_ONCE = 100
CLOCK_RETRY_S = 60 * 60

# The generation process: invoices whose orders are brought up to date at once, enough to share commits and too few to
# take all connections; how often it looks for parked ones, how many of a site it tries again then, and the pauses
# between two attempts at one: the first after a minute, then twice as long each time, at last once in six hours.
INVOICES_RECONCILED_AT_ONCE = 4
PARKED_INVOICES_LOOK_S = 30.0
PARKED_INVOICES_RETRIED_AT_ONCE = 20
PARKED_INVOICE_RETRY_MS_MIN = 60 * 1000
PARKED_INVOICE_RETRY_MS_MAX = 6 * 60 * 60 * 1000
PARKED_INVOICES_SHOWN_MAX = 1_000

# The console. A working day; a key that is revoked ends its sessions at once.
CONSOLE_SESSION_S_MAX = 12 * 3600
# Tries to sign in from one address in a minute, and addresses that are remembered for it.
CONSOLE_SIGN_INS_PER_MINUTE = 10
CONSOLE_ADDRESSES_REMEMBERED_MAX = 10_000
# Orders of one status that are counted for the overview, some milliseconds; beyond it the page says there are more.
OVERVIEW_COUNT_MAX = 10_000
OVERVIEW_DAYS = 30
# Orders that an invoice is shown with, each with its part of every line; lists of orders have them all.
INVOICE_ORDERS_SHOWN_MAX = 50
# What a page shows of a list, and how long a search may be.
CONSOLE_ROWS = 50
# Events that an event's page names as what it led to, and as those of the same request.
CONSOLE_LINKED_EVENTS = 10
CONSOLE_QUERY_LENGTH_MAX = 1_000

# Processes that share memory: 64 workers and the background, twice while all are replaced; and the numbers that each
# counts for the metrics. Memory that nobody has written takes no room.
SERVICE_PROCESSES_MAX = 256
METRICS_CELLS_MAX = 8_192
# What the database is asked for one scrape: less than a scraper waits, which is ten seconds by default.
METRICS_DATABASE_S_MAX = 5.0
# Failed requests of a process that are logged one by one: while the database is away, all of them fail.
REQUEST_FAILURES_LOGGED_PER_SECOND_MAX = 10
# Sites that have series of their own: some 15 series each.
METRICS_SITES_MAX = 1_000
# Deliveries that wait are counted so far, some 10 ms of work; beyond it there are too many in any case.
METRICS_DELIVERIES_COUNTED_MAX = 100_000

# Webhooks (chargebee/events.md, sections 5 and 6). The operator may allow other ports.
WEBHOOK_ENDPOINTS_MAX = 5
WEBHOOK_PORTS = (80, 443, 8080, 8443)
# Each after the call before it, 3 days and some hours in all: a receiver that is mended on Monday misses nothing.
WEBHOOK_RETRY_DELAYS_S = (120, 360, 1_800, 3_600, 18_000, 86_400, 172_800)
WEBHOOK_CONNECT_S_MAX = 10.0
WEBHOOK_READ_S_MAX = 20.0
WEBHOOK_CALL_S_MAX = 60.0
# Whoever calls an endpoint counts as gone after this: longer than a call and what stands around it can take.
WEBHOOK_CLAIM_S = 120.0
# The endpoints of an event are called one after another, but none waits for another longer than this.
WEBHOOK_NEXT_ENDPOINT_S = 2.0
# An endpoint that failed so lately is not waited for at all.
WEBHOOK_FAILED_LATELY_S = 600.0
# Calls of one endpoint at once, so that its answers need not be waited for one by one; one that does not answer takes a
# single one. Together they leave the process room for its requests.
WEBHOOK_CALLS_PER_ENDPOINT_MAX = 4
WEBHOOK_CALLS_MAX = 200
# Claimed and read together: the more, the fewer round trips for each; fewer than a claim's statement looks at.
WEBHOOK_CLAIMED_AT_ONCE = 20
# Of an answer nothing but the status counts. What follows is read so far, to let the receiver end in peace.
WEBHOOK_ANSWER_BYTES_MAX = 64 * 1024
WEBHOOK_FAILURE_REASON_LENGTH_MAX = 250
# As long as events are shown (EVENT_RETRIEVED_DAYS_MAX).
WEBHOOK_DELIVERIES_KEPT_DAYS = 90
WEBHOOK_DELIVERIES_FORGOTTEN_AT_ONCE = 2_000
# Deliveries that wait at one endpoint, some 280 MB; what comes beyond it is not delivered, unless somebody resends it.
WEBHOOK_WAITING_MAX = 1_000_000

# The intake. A delivery holds an invoice of 1 MiB at most and a few smaller resources.
INTAKE_BODY_BYTES_MAX = 2 * 1024 * 1024
# Chargebee's ids have 40 characters, names of event types some 50.
INTAKE_EVENT_ID_LENGTH_MAX = 100
INTAKE_EVENT_TYPE_LENGTH_MAX = 100
# A refund touches a handful of credit notes.
INTAKE_CREDIT_NOTES_MAX = 100
INTAKE_REASON_LENGTH_MAX = 300
INTAKE_EVENTS_FORGOTTEN_AT_ONCE = 2_000

# Looking for orders by their words: an order has a note of 600 characters and a few ids.
SEARCH_WORDS_MAX = 200
SEARCH_WORD_LENGTH_MAX = 100
SEARCH_TEXT_LENGTH_MAX = 1_000
# Who finds more has to say more. The list is filtered by these ids.
SEARCH_ORDERS_MAX = 200

# Backups. A dump waits so long for a migration that has locked a table, and gives up then: it would hold up the others.
BACKUP_LOCK_WAIT_S_MAX = 60

# Migrating a database that is in use. A change of a table that waits for those who use it makes all others wait behind
# it, so it gives way after two seconds and tries again, for some minutes: as long as the longest answers take.
MIGRATION_LOCK_S_MAX = 2
MIGRATION_LOCK_PAUSE_S = 1.0
MIGRATION_LOCK_ATTEMPTS_MAX = 100
