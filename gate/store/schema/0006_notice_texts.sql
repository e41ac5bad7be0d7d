-- The notice's words as they are written on the gate's own pages: the draft somebody works on, and the site's texts
-- that were published from there. JSON of language, form and text, still with their marks and placeholders.
CREATE TABLE notice_texts (
    stage TEXT PRIMARY KEY CHECK (stage IN ('draft', 'site')),
    texts TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL
) STRICT;
