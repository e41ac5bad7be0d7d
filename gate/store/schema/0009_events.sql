-- Events: what waits for the broker, and what is counted until it may be told.

-- Sums of whole hours, without regard to how many people stood behind them: not to be shown, and so not to be kept.
DROP TABLE outbox;

-- Messages, each sealed. epoch and sequence are drawn when one is first handed out, for the broker may have it from then
-- on. Ids rise in the order in which messages came to be.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL CHECK (stream IN ('counts', 'alarms', 'passages')),
    message_id TEXT NOT NULL UNIQUE,
    due INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    epoch TEXT,
    sequence INTEGER CHECK (sequence > 0),
    sent_at INTEGER,
    CHECK ((epoch IS NULL) = (sequence IS NULL)),
    CHECK (sent_at IS NULL OR sequence IS NOT NULL),
    UNIQUE (stream, epoch, sequence)
) STRICT;
CREATE INDEX outbox_unsent ON outbox (stream, id) WHERE sent_at IS NULL;

CREATE TRIGGER message_handed_out_stays
BEFORE UPDATE OF stream, message_id, due, wrapped_key, sealed, epoch, sequence ON outbox WHEN OLD.sequence IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a message handed out never changes'); END;

-- The last sequence drawn of each stream, in the present epoch (meta: outbox-epoch).
CREATE TABLE outbox_streams (
    stream TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Exact counts, sealed, of hours that are not closed ('hour', by its start) and of what closed ones withheld ('carried').
CREATE TABLE tally (
    part TEXT PRIMARY KEY,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Signed orders that were taken, until no order of their time can hold any more. Each is good once.
CREATE TABLE order_nonces (
    nonce TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    taken_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX order_nonces_by_issue ON order_nonces (issued_at);
