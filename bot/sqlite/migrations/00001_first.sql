-- The first schema: people, conversations, jobs, appointments, advisers.
--
-- Times are microseconds since 1970, UTC; NULL is "never" or "not known".
-- Identifiers are 16 bytes. What is personal is sealed under the person's key
-- (see bot/seal); codes, owners and times are in clear, for views.

-- +goose Up
CREATE TABLE setting (
    key   TEXT PRIMARY KEY, -- generation, territory, master_key, min_binary
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO setting (key, value) VALUES ('generation', 0), ('min_binary', 1);

CREATE TABLE version (
    name  TEXT NOT NULL,
    hash  TEXT NOT NULL,
    files TEXT NOT NULL, -- JSON: path to content, in base64
    at    INTEGER,
    PRIMARY KEY (name, hash)
) STRICT;

CREATE TABLE current (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    FOREIGN KEY (name, hash) REFERENCES version (name, hash)
) STRICT, WITHOUT ROWID;

-- One row per person; deleting it makes all that is sealed under its key unreadable.
CREATE TABLE person (
    id      BLOB PRIMARY KEY,
    key     BLOB NOT NULL, -- wrapped by the master key
    created INTEGER
) STRICT, WITHOUT ROWID;

-- An ordinary table: states are too long to lie in an index.
CREATE TABLE conversation (
    id            BLOB PRIMARY KEY,
    person        BLOB NOT NULL UNIQUE REFERENCES person (id),
    version       INTEGER NOT NULL,
    n             INTEGER NOT NULL, -- of the last line
    epoch         INTEGER NOT NULL, -- of the ownership
    booked        INTEGER NOT NULL, -- appointments on record
    owner_kind    TEXT NOT NULL,    -- assistant, queue, adviser
    owner_org     TEXT NOT NULL,
    owner_team    TEXT NOT NULL,
    owner_adviser TEXT NOT NULL,
    handoff       BLOB,             -- the open one
    reason        TEXT NOT NULL,    -- of the open hand-off, like the five below
    urgent        INTEGER NOT NULL,
    crisis        INTEGER NOT NULL,
    since         INTEGER,
    waiting       INTEGER,
    deadline      INTEGER,
    step          TEXT NOT NULL,    -- flow/state
    lang          TEXT NOT NULL,
    channel       TEXT NOT NULL,    -- last heard on
    heard         INTEGER,
    created       INTEGER,
    state         BLOB NOT NULL     -- sealed
) STRICT;
CREATE INDEX conversation_inbox ON conversation (owner_org, crisis DESC, urgent DESC, deadline)
    WHERE owner_kind <> 'assistant';

CREATE TABLE thread (
    id           BLOB PRIMARY KEY,
    hash         BLOB NOT NULL UNIQUE, -- keyed hash of the address
    conversation BLOB NOT NULL REFERENCES conversation (id),
    channel      TEXT NOT NULL,
    address      BLOB NOT NULL         -- sealed
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_conversation ON thread (conversation);

-- A thread is read along the primary key: its line number k is at n >= k. An
-- index by (thread, seq) would cost a fifth of every commit.
CREATE TABLE line (
    conversation BLOB NOT NULL,
    n            INTEGER NOT NULL, -- without gap in the conversation
    thread       BLOB,
    seq          INTEGER NOT NULL, -- without gap in the thread; 0 when the person does not see it
    from_        TEXT NOT NULL,
    adviser      TEXT NOT NULL,
    audience     TEXT NOT NULL,
    org          TEXT NOT NULL,    -- that owned the conversation, for a note
    at           INTEGER,
    key          TEXT NOT NULL,
    epoch        INTEGER NOT NULL,
    lane         INTEGER NOT NULL,
    class        TEXT NOT NULL,
    delivery     INTEGER NOT NULL, -- 0 internal, 1 pending, 2 begun, 3 accepted, 4 sent, 5 delivered, 6 read, 7 failed, 8 cancelled
    provider     TEXT NOT NULL,
    error        INTEGER NOT NULL,
    segments     INTEGER NOT NULL,
    body         BLOB NOT NULL,    -- sealed: name, text, choices
    PRIMARY KEY (conversation, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX line_outbox ON line (conversation, n) WHERE delivery IN (1, 2);
CREATE INDEX line_provider ON line (provider) WHERE provider <> '';

CREATE TABLE seen (
    source TEXT NOT NULL,
    event  TEXT NOT NULL,
    at     INTEGER,
    PRIMARY KEY (source, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
    key          TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    lane         INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 3),
    due          INTEGER NOT NULL,
    conversation BLOB,
    thread       BLOB,
    subject      TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    serial       INTEGER NOT NULL, -- times it was scheduled
    token        INTEGER NOT NULL, -- of the latest lease; begins at random, so that no two lives of a key share one
    attempts     INTEGER NOT NULL,
    lease_until  INTEGER           -- NULL: nobody has it
) STRICT, WITHOUT ROWID;
CREATE INDEX job_due ON job (lane, due);

CREATE TABLE answer (
    conversation BLOB NOT NULL,
    key          TEXT NOT NULL,
    at           INTEGER NOT NULL,
    codes        TEXT NOT NULL, -- JSON list
    by_          TEXT NOT NULL, -- channel
    flow         TEXT NOT NULL,
    shared       INTEGER NOT NULL,
    body         BLOB NOT NULL, -- sealed: values, words
    PRIMARY KEY (conversation, key, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE handoff (
    id           BLOB PRIMARY KEY,
    conversation BLOB NOT NULL,
    state        TEXT NOT NULL,
    org          TEXT NOT NULL,
    team         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    urgent       INTEGER NOT NULL,
    asked_by     TEXT NOT NULL,
    flow         TEXT NOT NULL,
    step         TEXT NOT NULL,
    asked        INTEGER NOT NULL,
    since        INTEGER,
    deadline     INTEGER,
    waiting      INTEGER,
    missed       INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    alerts       INTEGER NOT NULL,
    adviser      TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    ended        INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX handoff_conversation ON handoff (conversation, since);

CREATE TABLE appointment (
    hash         BLOB PRIMARY KEY, -- keyed hash of source, external id and participant
    person       BLOB NOT NULL,
    conversation BLOB NOT NULL,
    start        INTEGER,
    duration     INTEGER NOT NULL, -- seconds
    status       TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    org          TEXT NOT NULL,
    kind         TEXT NOT NULL,
    sensitive    INTEGER NOT NULL,
    lang         TEXT NOT NULL,
    said         TEXT NOT NULL,    -- the answer to its reminder
    said_at      INTEGER,
    booked_at    INTEGER,
    details      BLOB NOT NULL     -- sealed: its key, place, address, motive, adviser
) STRICT, WITHOUT ROWID;
CREATE INDEX appointment_conversation ON appointment (conversation, start);

CREATE TABLE item (
    id           BLOB PRIMARY KEY,
    conversation BLOB NOT NULL,
    kind         TEXT NOT NULL,
    org          TEXT NOT NULL,
    team         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    reason       TEXT NOT NULL,
    at           INTEGER,
    deadline     INTEGER,
    settled      INTEGER, -- when; NULL while it is open
    settled_by   TEXT NOT NULL DEFAULT '',
    text         BLOB NOT NULL -- sealed
) STRICT, WITHOUT ROWID;
CREATE INDEX item_org ON item (org, deadline) WHERE settled IS NULL;
CREATE INDEX item_conversation ON item (conversation);

-- An opt-out belongs to an address and survives its person.
CREATE TABLE opt_out (
    hash  BLOB PRIMARY KEY,
    at    INTEGER NOT NULL,
    proof BLOB NOT NULL, -- sealed under the master key
    ended INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE tombstone (
    hash  BLOB PRIMARY KEY, -- of an erased address
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation BLOB,
    at           INTEGER,
    actor        TEXT NOT NULL,
    action       TEXT NOT NULL,
    detail       TEXT NOT NULL
) STRICT;
-- +goose StatementBegin
CREATE TRIGGER audit_is_never_rewritten BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the journal is append only');
END;
-- +goose StatementEnd

CREATE TABLE adviser (
    id       TEXT PRIMARY KEY,
    email    TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL,
    org      TEXT NOT NULL,
    team     TEXT NOT NULL,
    role     TEXT NOT NULL,
    password TEXT NOT NULL, -- argon2id hash
    disabled INTEGER NOT NULL,
    created  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    token   BLOB PRIMARY KEY, -- hash of it
    adviser TEXT NOT NULL REFERENCES adviser (id),
    until   INTEGER NOT NULL,
    latest  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_adviser ON session (adviser);

-- +goose Down
DROP TABLE session;
DROP TABLE adviser;
DROP TABLE audit;
DROP TABLE tombstone;
DROP TABLE opt_out;
DROP TABLE item;
DROP TABLE appointment;
DROP TABLE handoff;
DROP TABLE answer;
DROP TABLE job;
DROP TABLE seen;
DROP TABLE line;
DROP TABLE thread;
DROP TABLE conversation;
DROP TABLE person;
DROP TABLE current;
DROP TABLE version;
DROP TABLE setting;
