-- One file holds one tenant. Digests are raw 32 bytes; bodies are the canonical JSON that the chain covers.

CREATE TABLE session (
  key        INTEGER PRIMARY KEY,
  session_id TEXT    NOT NULL UNIQUE,
  head_seq   INTEGER NOT NULL,
  head_hash  BLOB    NOT NULL,
  name       TEXT    NOT NULL,
  status     TEXT    NOT NULL,
  verdict    TEXT    NOT NULL,
  outcome    TEXT    NOT NULL,
  iteration  INTEGER NOT NULL,
  created_at TEXT    NOT NULL,
  updated_at TEXT    NOT NULL
);

-- key = session.key * 2^32 + seq: in the order of reading, with no second index to keep.
CREATE TABLE event (
  key  INTEGER PRIMARY KEY,
  hash BLOB NOT NULL,
  body BLOB NOT NULL
);

CREATE TABLE blob (
  key        INTEGER PRIMARY KEY,
  digest     BLOB    NOT NULL UNIQUE,
  compressed INTEGER NOT NULL,
  data       BLOB    NOT NULL
);

-- A lease that was given back keeps its token, because tokens may only grow.
CREATE TABLE lease (
  session_id TEXT    PRIMARY KEY,
  owner      TEXT    NOT NULL,
  token      INTEGER NOT NULL,
  expires_at REAL    NOT NULL
) WITHOUT ROWID;

CREATE TABLE account (
  kind     TEXT    PRIMARY KEY,
  ceiling  INTEGER,
  spent    INTEGER NOT NULL,
  reserved INTEGER NOT NULL
) WITHOUT ROWID;

-- A settled reservation stays, so that settling it again changes nothing.
CREATE TABLE reservation (
  id      TEXT    PRIMARY KEY,
  amounts TEXT    NOT NULL,
  settled INTEGER NOT NULL
) WITHOUT ROWID;

-- For people and auditors; Journeyman itself reads the tables.
CREATE VIEW record AS
  SELECT session_id, event.key & 4294967295 AS seq, lower(hex(hash)) AS hash, CAST(body AS TEXT) AS body
  FROM event JOIN session ON session.key = event.key >> 32;
