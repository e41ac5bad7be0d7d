-- The first schema. Every time is an INTEGER of UTC seconds (gate/store/times.py says why).

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- Name, unit, contact and subject reference are sealed together; the unit is found by its keyed HMAC.
CREATE TABLE people (
    id TEXT PRIMARY KEY,
    unit_lookup BLOB NOT NULL UNIQUE,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE credentials (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id),
    kind TEXT NOT NULL CHECK (kind IN ('card', 'pin')),
    lookup BLOB,
    verifier TEXT,
    valid_from INTEGER NOT NULL,
    valid_until INTEGER,
    revoked_at INTEGER,
    CHECK ((kind = 'card') = (lookup IS NOT NULL)),
    CHECK ((kind = 'pin') = (verifier IS NOT NULL))
) STRICT;

-- A card opens for one person, a person has one PIN; revoked ones stay as history and block nobody.
CREATE UNIQUE INDEX one_holder_per_card ON credentials (lookup) WHERE kind = 'card' AND revoked_at IS NULL;
CREATE UNIQUE INDEX one_pin_per_person ON credentials (person_id) WHERE kind = 'pin' AND revoked_at IS NULL;

-- Wrong PINs by keyed HMAC of the unit as typed, whether or not such a unit exists.
CREATE TABLE throttle (
    unit_lookup BLOB PRIMARY KEY,
    failures INTEGER NOT NULL,
    not_before INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttle_by_age ON throttle (not_before);

CREATE TABLE consents (
    id TEXT PRIMARY KEY,
    subject_ref TEXT NOT NULL,
    purpose TEXT NOT NULL,
    notice_version TEXT NOT NULL,
    language TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('given', 'withdrawn', 'expired', 'superseded')),
    CHECK (expires_at > given_at),
    CHECK ((state = 'given') = (ended_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX one_consent_per_purpose ON consents (subject_ref, purpose) WHERE state = 'given';

CREATE TABLE templates (
    id TEXT PRIMARY KEY,
    consent_id TEXT NOT NULL REFERENCES consents (id),
    model_sha256 TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX templates_by_consent ON templates (consent_id);

-- R20: a template is written in the act of consent itself, at its very second, or not at all.
CREATE TRIGGER template_needs_consent BEFORE INSERT ON templates
WHEN NOT EXISTS (
    SELECT 1 FROM consents
    WHERE id = NEW.consent_id AND state = 'given' AND given_at = NEW.created_at AND expires_at > NEW.created_at
)
BEGIN SELECT RAISE(ABORT, 'a template needs the consent it was given with'); END;

CREATE TRIGGER template_keeps_consent BEFORE UPDATE OF id, consent_id, created_at ON templates
BEGIN SELECT RAISE(ABORT, 'a template never moves to another consent'); END;

CREATE TRIGGER ended_consent_stays_ended BEFORE UPDATE OF state ON consents WHEN OLD.state <> 'given'
BEGIN SELECT RAISE(ABORT, 'an ended consent never comes back'); END;

CREATE TRIGGER given_consent_keeps_its_terms
BEFORE UPDATE OF subject_ref, purpose, notice_version, language, given_at, expires_at ON consents
BEGIN SELECT RAISE(ABORT, 'a consent keeps the terms it was given under'); END;

-- R24: the templates go first, so that no ended consent can leave one behind.
CREATE TRIGGER consent_ends_without_templates BEFORE UPDATE OF state ON consents
WHEN NEW.state <> 'given' AND EXISTS (SELECT 1 FROM templates WHERE consent_id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a consent ends without templates'); END;

-- R36: time, gate, method, result and reason; no person.
CREATE TABLE decisions (
    attempt TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    gate TEXT NOT NULL,
    method TEXT NOT NULL,
    granted INTEGER NOT NULL CHECK (granted IN (0, 1)),
    reason TEXT NOT NULL,
    outcome TEXT
) STRICT;
CREATE INDEX decisions_by_time ON decisions (at);

-- One row per clock hour. Frozen once it was handed out for sending: from then on its counts never change.
CREATE TABLE outbox (
    window_start INTEGER PRIMARY KEY CHECK (window_start % 3600 = 0),
    message_id TEXT NOT NULL UNIQUE,
    granted INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    frozen INTEGER NOT NULL DEFAULT 0 CHECK (frozen IN (0, 1)),
    sent_at INTEGER
) STRICT;

CREATE TRIGGER frozen_window_keeps_counts
BEFORE UPDATE OF window_start, message_id, granted, refused ON outbox WHEN OLD.frozen
BEGIN SELECT RAISE(ABORT, 'a window handed out never changes'); END;
