-- Uploads of timesheets: what is to be sent where, each with the key it goes by, and how far that has come.

-- Nothing wrote to the outbox before this version.
DROP TABLE outbox;
CREATE TABLE outbox (                        -- remote writes: the intent and its key, before the request
    id            INTEGER PRIMARY KEY,
    user_id       INTEGER NOT NULL,
    timesheet_id  INTEGER NOT NULL,
    kind          TEXT NOT NULL CHECK (kind = 'onedrive' OR kind = 'xero'),
    target        TEXT NOT NULL,             -- onedrive: the format; xero: the customer
    request_key   TEXT NOT NULL UNIQUE,      -- ours, random; a request that is repeated has it again
    payload       TEXT,                      -- what is sent under that key, once it was decided
    state         TEXT NOT NULL DEFAULT 'intended' CHECK (state IN ('intended', 'done', 'failed', 'dropped')),
    attempts      INTEGER NOT NULL DEFAULT 0, -- that failed
    not_before    TEXT NOT NULL,
    is_for_human  INTEGER NOT NULL DEFAULT 0 CHECK (is_for_human = 0 OR is_for_human = 1), -- somebody must act first
    error_code    TEXT,                      -- of the last attempt
    error_message TEXT,
    remote_id     TEXT,                      -- of the file or the invoice
    remote_tag    TEXT,                      -- its version there
    remote_name   TEXT,
    file_hash     BLOB,                      -- of what was sent
    audit_id      INTEGER,                   -- the parent entry of the sheet's uploads
    created_at    TEXT NOT NULL,
    updated_at    TEXT NOT NULL,
    UNIQUE (timesheet_id, kind, target),
    FOREIGN KEY (user_id, timesheet_id) REFERENCES timesheets(user_id, id)
) STRICT;
CREATE INDEX idx_outbox_due ON outbox(not_before, id) WHERE state = 'intended';
CREATE INDEX idx_outbox_user ON outbox(user_id) WHERE state = 'intended';

-- When it was decided what of a sheet goes where.  Decided once: a target that is configured later gets later sheets.
ALTER TABLE timesheets ADD COLUMN uploads_planned_at TEXT;
CREATE INDEX idx_timesheets_unplanned ON timesheets(id) WHERE status = 'issued' AND uploads_planned_at IS NULL;
