-- What the booth must not forget: orders, cards, attempts to print, and what waits for the portal.
-- Nothing here names a person: names, pictures and chip numbers are sealed in `payloads`; `lane` is a keyed hash.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id     BLOB NOT NULL UNIQUE CHECK (length(order_id) = 16),
    -- orders of one person go one after the other; emptied when the order is erased
    lane         BLOB CHECK (length(lane) = 16),
    delivery     TEXT NOT NULL CHECK (delivery IN ('here', 'pickup')),
    state        TEXT NOT NULL CHECK (state IN ('waiting', 'parked', 'delivered', 'discarded')),
    -- milliseconds since 1970 by the wall clock: for people and for retention, never for the order of work
    created_at   INTEGER NOT NULL,
    delivered_at INTEGER,
    erased_at    INTEGER,
    CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
) STRICT;
CREATE INDEX orders_open ON orders (state, created_at) WHERE state IN ('waiting', 'parked');
CREATE INDEX orders_lane ON orders (lane) WHERE lane IS NOT NULL;
CREATE INDEX orders_unerased ON orders (delivered_at) WHERE state = 'delivered' AND erased_at IS NULL;

CREATE TABLE payloads (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    order_row INTEGER REFERENCES orders (id) ON DELETE CASCADE,
    field     TEXT NOT NULL,
    -- which of the booth's keys wrapped this payload's own key; none when only the receiver can open it
    key_id    BLOB CHECK (length(key_id) = 8),
    wrapped   BLOB,
    sealed    BLOB NOT NULL,
    CHECK ((key_id IS NULL) = (wrapped IS NULL)),
    UNIQUE (order_row, field)
) STRICT;
CREATE INDEX payloads_key ON payloads (key_id) WHERE key_id IS NOT NULL;

-- One row for each serial: one card that was, or may have been, made.
CREATE TABLE cards (
    serial         BLOB PRIMARY KEY CHECK (length(serial) = 8),
    order_row      INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    outcome        TEXT NOT NULL CHECK (outcome IN ('open', 'printed', 'notPrinted', 'unknown', 'void')),
    fed            INTEGER NOT NULL DEFAULT 0 CHECK (fed IN (0, 1)),
    reason         TEXT,
    code_read_back INTEGER NOT NULL DEFAULT 0 CHECK (code_read_back IN (0, 1)),
    collected      INTEGER NOT NULL DEFAULT 0 CHECK (collected IN (0, 1)),
    printer        TEXT NOT NULL,
    evidence       TEXT NOT NULL DEFAULT '{}',
    -- the portal hears of it only when nothing more is expected from this attempt
    closed         INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    rev            INTEGER NOT NULL DEFAULT 0,
    sent_rev       INTEGER NOT NULL DEFAULT 0 CHECK (sent_rev <= rev),
    at             INTEGER NOT NULL,
    CHECK (outcome <> 'open' OR closed = 0)
) STRICT, WITHOUT ROWID;
-- at most one valid serial for each order
CREATE UNIQUE INDEX cards_one_valid ON cards (order_row) WHERE outcome <> 'void';
CREATE INDEX cards_order ON cards (order_row);
CREATE INDEX cards_unsettled ON cards (outcome) WHERE outcome IN ('open', 'unknown', 'notPrinted') OR closed = 0;

CREATE TABLE attempts (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    serial         BLOB NOT NULL REFERENCES cards (serial) ON DELETE CASCADE,
    -- NULL until it has ended
    outcome        TEXT CHECK (outcome IN ('printed', 'notPrinted', 'unknown', 'void')),
    -- a person (or the code before the camera) said so, not the printer
    decided        INTEGER NOT NULL DEFAULT 0 CHECK (decided IN (0, 1)),
    printer        TEXT NOT NULL,
    counter_before INTEGER,
    counter_after  INTEGER,
    -- a card left the hopper, as far as is known
    fed            INTEGER NOT NULL DEFAULT 0 CHECK (fed IN (0, 1)),
    began_at       INTEGER NOT NULL,
    ended_at       INTEGER,
    CHECK ((outcome IS NULL) = (ended_at IS NULL))
) STRICT;
CREATE INDEX attempts_serial ON attempts (serial);
CREATE INDEX attempts_printer ON attempts (printer, id);
-- a booth prints one card at a time
CREATE UNIQUE INDEX attempts_one_open ON attempts (printer) WHERE outcome IS NULL;

-- Cards that were fed without an order: test prints, cards put in the reject tray by hand.
CREATE TABLE feeds (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    -- the attempt that came before it in this printer
    after_attempt  INTEGER NOT NULL,
    printer        TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('test', 'rejected')),
    cards          INTEGER NOT NULL CHECK (cards > 0),
    counter_after  INTEGER,
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX feeds_printer ON feeds (printer, after_attempt);

CREATE TABLE jobs (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    part       TEXT NOT NULL CHECK (part IN ('order', 'photo', 'card', 'block', 'incident')),
    order_row  INTEGER REFERENCES orders (id) ON DELETE CASCADE,
    -- jobs of one lane go one after the other; none: goes when it can
    lane       BLOB,
    payload    INTEGER REFERENCES payloads (id) ON DELETE SET NULL,
    serial     BLOB,
    rev        INTEGER,
    -- held: an earlier one of the lane goes first
    state      TEXT NOT NULL CHECK (state IN ('held', 'available', 'running', 'completed', 'parked', 'discarded')),
    tries      INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    -- milliseconds of the running program's own clock, which never jumps; 0 after a start
    due        INTEGER NOT NULL DEFAULT 0,
    reason     TEXT,
    done_at    INTEGER,
    CHECK ((part = 'card') = (serial IS NOT NULL AND rev IS NOT NULL) OR part = 'block'),
    CHECK ((state = 'parked') = (reason IS NOT NULL)),
    CHECK ((state IN ('completed', 'discarded')) = (done_at IS NOT NULL))
) STRICT;
CREATE INDEX jobs_due ON jobs (due, id) WHERE state = 'available';
CREATE INDEX jobs_lane ON jobs (lane, id) WHERE state IN ('held', 'available', 'running');
CREATE INDEX jobs_running ON jobs (state) WHERE state = 'running';
CREATE INDEX jobs_order ON jobs (order_row);
CREATE INDEX jobs_serial ON jobs (serial) WHERE serial IS NOT NULL;
CREATE INDEX jobs_loose ON jobs (done_at) WHERE order_row IS NULL;

-- What became of each try to send; the newest few of each job are kept.
CREATE TABLE tries (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    job    INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at     INTEGER NOT NULL,
    status INTEGER,
    error  TEXT NOT NULL
) STRICT;
CREATE INDEX tries_job ON tries (job, id);
