-- What the reference portal keeps. It is the receiver: here names and photographs are readable.

CREATE TABLE orders (
    order_id    BLOB PRIMARY KEY CHECK (length(order_id) = 16),
    booth       TEXT NOT NULL,
    subject     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    pickup      TEXT,
    supersedes  BLOB,
    body        BLOB NOT NULL,
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    state       TEXT NOT NULL CHECK (state IN ('received', 'review', 'approved', 'rejected', 'printed', 'unknown', 'ready',
                    'uncollected', 'handedOver', 'active', 'blocked', 'expired', 'returned', 'void')),
    reason      TEXT,
    state_at    INTEGER NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_subject ON orders (subject, kind);
CREATE INDEX orders_booth ON orders (booth, state_at);

CREATE TABLE photos (
    order_id BLOB PRIMARY KEY REFERENCES orders (order_id),
    sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
    jpeg     BLOB NOT NULL
) STRICT;

CREATE TABLE cards (
    serial   BLOB PRIMARY KEY CHECK (length(serial) = 8),
    order_id BLOB NOT NULL REFERENCES orders (order_id),
    rev      INTEGER NOT NULL,
    outcome  TEXT NOT NULL CHECK (outcome IN ('printed', 'notPrinted', 'unknown', 'void')),
    status   TEXT NOT NULL CHECK (status IN ('none', 'printed', 'active', 'blocked', 'expired', 'returned', 'void')),
    body     BLOB NOT NULL,
    sha256   BLOB NOT NULL CHECK (length(sha256) = 32),
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX cards_order ON cards (order_id);
CREATE UNIQUE INDEX cards_one_valid ON cards (order_id) WHERE outcome IN ('printed', 'unknown');

-- Cards that were blocked, whether this portal knew them or not.
CREATE TABLE blocks (
    serial BLOB PRIMARY KEY CHECK (length(serial) = 8),
    reason TEXT NOT NULL,
    booth  TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

CREATE TABLE incidents (
    id     TEXT PRIMARY KEY,
    booth  TEXT NOT NULL,
    body   BLOB NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    at     INTEGER NOT NULL
) STRICT;

CREATE TABLE booths (
    booth TEXT PRIMARY KEY,
    body  BLOB NOT NULL,
    at    INTEGER NOT NULL
) STRICT;
