-- The staff's accounts, what they sign in with, their approvals, and the tokens of programs.

-- Login, name and offices are sealed together; the account is found by the login's keyed HMAC.
CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    login_lookup BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX accounts_by_end ON accounts (disabled_at);

-- Password verifier and authenticator secret. stamp: a random word, another one after every change of secrets or offices;
-- the old one is buried, so that no backup brings an ended account, an old password or an old office back.
CREATE TABLE account_secrets (
    stamp TEXT PRIMARY KEY,
    account_id TEXT NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE CASCADE,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    credential_lookup BLOB NOT NULL UNIQUE,
    added_at INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX passkeys_by_account ON passkeys (account_id);

-- id: from the code's keyed HMAC, which says whose it is too.
CREATE TABLE recovery_codes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_codes_by_account ON recovery_codes (account_id);

-- Set-up codes (of no account) and invitations. mac: over all columns, so that nobody makes one last longer.
CREATE TABLE one_time_codes (
    lookup BLOB PRIMARY KEY,
    account_id TEXT UNIQUE REFERENCES accounts (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    mac BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What one person asks for and another allows. sealed: act, subject, reason, who asked, who answered.
CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    asked_at INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX approvals_by_time ON approvals (asked_at);

-- Tokens of programs: found by the keyed HMAC of their text. sealed: name, office, who made it.
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    lookup BLOB NOT NULL UNIQUE,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX tokens_by_end ON tokens (expires_at);
