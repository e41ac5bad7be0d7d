-- Settings changed from the console, and what rings.

-- Each row is the whole set of values that stand beside the settings file from then on, as JSON by key; the newest counts.
-- signature: the device's, over all the other columns, so that whoever writes to the database changes no setting unseen.
CREATE TABLE overrides (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    settings TEXT NOT NULL,
    signature BLOB NOT NULL
) STRICT;

CREATE TRIGGER overrides_stay BEFORE UPDATE ON overrides
BEGIN SELECT RAISE(ABORT, 'a change of the settings on record never changes'); END;

-- Alarms that ring until somebody of the staff knows: an alarm's name and its time, and nobody's.
CREATE TABLE rings (
    alarm TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
