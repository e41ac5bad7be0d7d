-- Consent as a signed ledger, the audit log, retention, rights and governance.

-- What was agreed to before lacks the record that the ledger keeps: it ends here, and is asked anew.
DROP TRIGGER consent_ends_without_templates;
DROP TRIGGER given_consent_keeps_its_terms;
DROP TRIGGER ended_consent_stays_ended;
DROP TABLE templates;
ALTER TABLE consents RENAME TO consents_before;

-- The present standing of each consent; what was agreed to, by whom and how is in consent_events.
CREATE TABLE consents (
    id TEXT PRIMARY KEY,
    subject_ref TEXT NOT NULL,
    purpose TEXT NOT NULL,
    notice_version TEXT NOT NULL,
    language TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('given', 'withdrawn', 'expired', 'invalidated')),
    restricted_at INTEGER,
    under_14 INTEGER NOT NULL CHECK (under_14 IN (0, 1)), -- R27: so that these end where face for children is off
    CHECK (expires_at > given_at),
    CHECK ((state = 'given') = (ended_at IS NULL))
) STRICT;
INSERT INTO consents SELECT id, subject_ref, purpose, notice_version, language, given_at, expires_at,
    coalesce(ended_at, given_at), iif(state IN ('given', 'superseded'), 'invalidated', state), NULL, 0
    FROM consents_before;
DROP TABLE consents_before;
CREATE UNIQUE INDEX one_consent_per_purpose ON consents (subject_ref, purpose) WHERE state = 'given';
CREATE INDEX consents_by_end ON consents (ended_at);

-- sealed: the protected form of the template (gate/vision/protection.py), under the epoch's key.
-- last_used_month: twelve times the year plus the month, so that what is not used can go (R75).
CREATE TABLE templates (
    id TEXT PRIMARY KEY,
    consent_id TEXT NOT NULL REFERENCES consents (id),
    model_sha256 TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_month INTEGER NOT NULL
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

-- R51: whatever deletes a template asks for a new epoch, in the same transaction.
CREATE TRIGGER erasing_asks_for_a_new_epoch AFTER DELETE ON templates
BEGIN INSERT INTO meta VALUES ('rotation-due', 1) ON CONFLICT (name) DO NOTHING; END;

-- ISO/IEC TS 27560: every event of every consent record. digest is of the event's canonical JSON, hash chains it to
-- the one before, signature is over hash. When its time is over the event's content goes, digest and hash stay.
CREATE TABLE consent_events (
    seq INTEGER PRIMARY KEY,
    record TEXT NOT NULL,
    at INTEGER NOT NULL,
    digest BLOB NOT NULL,
    hash BLOB NOT NULL,
    signature BLOB NOT NULL,
    wrapped_key BLOB,
    sealed BLOB,
    CHECK ((wrapped_key IS NULL) = (sealed IS NULL))
) STRICT;
CREATE INDEX consent_events_by_record ON consent_events (record);
CREATE TRIGGER consent_events_stay BEFORE DELETE ON consent_events
BEGIN SELECT RAISE(ABORT, 'the consent ledger only grows'); END;
CREATE TRIGGER consent_events_keep_their_chain
BEFORE UPDATE OF seq, record, at, digest, hash, signature ON consent_events
BEGIN SELECT RAISE(ABORT, 'the consent ledger never changes'); END;
CREATE TRIGGER consent_events_only_lose_content BEFORE UPDATE OF wrapped_key, sealed ON consent_events
WHEN NEW.sealed IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'the consent ledger never changes'); END;

-- R55: who did what, when, to which record. No biometrics, PINs, scores or names.
CREATE TABLE audit_log (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_log_by_time ON audit_log (at);
CREATE TRIGGER audit_log_never_changes BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log never changes'); END;
-- What is past its time goes from the beginning on, up to the anchor noted in meta as its new base.
CREATE TRIGGER audit_log_only_ages BEFORE DELETE ON audit_log
WHEN OLD.seq > coalesce((SELECT value FROM meta WHERE name = 'audit-base'), 0)
BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END;

-- Signed heads of the audit log.
CREATE TABLE anchors (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    hash BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;

-- R51: what was erased, so that a backup restored later erases it again. ref is a random id, never a person's name.
CREATE TABLE tombstones (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('template', 'consent', 'person', 'credential', 'request')),
    ref TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (kind, ref)
) STRICT;
CREATE TRIGGER tombstones_stay BEFORE UPDATE ON tombstones
BEGIN SELECT RAISE(ABORT, 'a tombstone stays'); END;

-- R11, R14: what was published, word for word, for good. terms: canonical JSON of what makes a new major version.
CREATE TABLE notices (
    version TEXT NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('zh-CN', 'en')),
    form TEXT NOT NULL CHECK (form IN ('short', 'full')),
    sha256 TEXT NOT NULL,
    text TEXT NOT NULL,
    terms TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    PRIMARY KEY (version, language, form)
) STRICT;
CREATE TRIGGER notices_never_change BEFORE UPDATE ON notices
BEGIN SELECT RAISE(ABORT, 'a published notice never changes'); END;
CREATE TRIGGER notices_stay BEFORE DELETE ON notices
BEGIN SELECT RAISE(ABORT, 'a published notice stays'); END;

-- R70 to R73: what people asked for, and by when it is due. sealed: who asked, in what words, what was answered.
CREATE TABLE requests (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    closed_at INTEGER,
    outcome TEXT,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    person_lookup BLOB, -- keyed HMAC of who asked, so that nobody's page opens the neighbours' requests
    CHECK ((closed_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE INDEX requests_by_due ON requests (due_at);
CREATE INDEX requests_by_person ON requests (person_lookup);

-- R82, R83, R85: registers of recipients, processors, training, incidents, signs. A change is a new revision.
CREATE TABLE register_entries (
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    register TEXT NOT NULL,
    at INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (id, revision)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER register_entries_never_change BEFORE UPDATE OF id, revision, register, at ON register_entries
BEGIN SELECT RAISE(ABORT, 'a register entry never changes: add a revision'); END;

-- R80: an approved impact assessment opens face for the very configuration it was made for.
CREATE TABLE assessments (
    id TEXT PRIMARY KEY,
    config_sha256 TEXT NOT NULL,
    approved_at INTEGER NOT NULL,
    signature BLOB NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

-- R75, R76: each run of the retention engine, and what it could not delete.
CREATE TABLE retention_runs (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    deleted TEXT NOT NULL,
    failed TEXT NOT NULL
) STRICT;

-- End of the tenancy, where one is set: cards, PIN and face end then, the record 30 days later.
ALTER TABLE people ADD COLUMN ends_at INTEGER;
