-- Twins: whose face came near somebody else's as it was taken, and was told so. It says neither whose nor how near.

-- It lives and goes with the template.
ALTER TABLE templates ADD COLUMN lookalike INTEGER NOT NULL DEFAULT 0 CHECK (lookalike IN (0, 1));
