-- The gate's own certificate authority, and the certificate its pages are served with; the private keys are sealed.
CREATE TABLE certificates (
    name TEXT PRIMARY KEY CHECK (name IN ('authority', 'pages')),
    certificate BLOB NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
