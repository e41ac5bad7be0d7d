-- Duress PINs and visitors' codes.

-- The duress PIN's digest under the salt of the verifier beside it, or random bytes; NULL: written before.
ALTER TABLE credentials ADD COLUMN duress BLOB CHECK (duress IS NULL OR kind = 'pin');

-- A visitor's code that may still be used: id is the keyed HMAC of the id that the code itself carries. A code that was
-- used or taken back leaves the table at once, with a tombstone, so that no record ties a passage to a host (R36).
CREATE TABLE visits (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    valid_from INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    CHECK (valid_until > valid_from)
) STRICT;
CREATE INDEX visits_by_host ON visits (person_id);
CREATE INDEX visits_by_end ON visits (valid_until);
