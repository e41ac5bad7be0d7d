-- When people may come in, when the door stands locked or open by itself, and the keys of reader and controller.

-- Named weekly hours, in the words of gate/core/hours.py. mac: keyed, so that nobody widens them past the gate.
CREATE TABLE hours (
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    mac BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Which of them the door keeps. mac: over kind and name.
CREATE TABLE door_hours (
    kind TEXT PRIMARY KEY CHECK (kind IN ('locked', 'open')),
    name TEXT NOT NULL REFERENCES hours (name),
    mac BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys shared with a device: the one both sides use, and beside it one that was offered and not yet confirmed.
CREATE TABLE device_keys (
    device TEXT PRIMARY KEY,
    wrapped_key BLOB,
    sealed BLOB,
    confirmed_at INTEGER,
    offered_wrapped_key BLOB,
    offered_sealed BLOB,
    offered_at INTEGER,
    CHECK ((sealed IS NULL) = (wrapped_key IS NULL) AND (sealed IS NULL) = (confirmed_at IS NULL)),
    CHECK ((offered_sealed IS NULL) = (offered_wrapped_key IS NULL)),
    CHECK ((offered_sealed IS NULL) = (offered_at IS NULL)),
    CHECK (sealed IS NOT NULL OR offered_sealed IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- R03, R35: from a consent to its person, whose hours count for a face too, by keyed HMAC alone. NULL: written before;
-- the next start fills it in.
ALTER TABLE people ADD COLUMN subject_lookup BLOB;
CREATE UNIQUE INDEX people_by_subject ON people (subject_lookup);

-- A refusal on record never turns into a grant; what the door did is added.
CREATE TRIGGER decisions_stay BEFORE UPDATE OF attempt, at, gate, method, granted, reason ON decisions
BEGIN SELECT RAISE(ABORT, 'a decision never changes'); END;
