-- What the service keeps beyond the schema document: runs, staging, versions, quarantine, the audit chain.

CREATE TABLE instances (                     -- one row per start of a daemon
    id         INTEGER PRIMARY KEY,
    boot_id    TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    start_time INTEGER NOT NULL,             -- of the process, in clock ticks since boot (/proc/PID/stat)
    started_at TEXT NOT NULL,
    stopped_at TEXT,
    UNIQUE (boot_id, pid, start_time)
) STRICT;

CREATE TABLE job_runs (                      -- one row per slot and attempt, with its verdict
    id             INTEGER PRIMARY KEY,
    user_id        INTEGER NOT NULL,
    job_id         INTEGER NOT NULL,
    slot_at        TEXT NOT NULL,
    run_trigger    TEXT NOT NULL CHECK (run_trigger IN ('schedule', 'signal', 'request')),
    state          TEXT NOT NULL CHECK (state IN ('queued', 'running', 'waiting', 'done')),
    outcome        TEXT NOT NULL DEFAULT 'none' CHECK (outcome IN ('none', 'success', 'partial', 'failure')),
    attempt        INTEGER NOT NULL DEFAULT 1,
    instance_id    INTEGER REFERENCES instances(id),
    step           TEXT NOT NULL DEFAULT '',
    next_page      TEXT,
    from_date      TEXT NOT NULL,
    to_date        TEXT NOT NULL,            -- half-open
    is_dry         INTEGER NOT NULL DEFAULT 0 CHECK (is_dry IN (0, 1)),
    asked_pid      INTEGER,
    asked_uid      INTEGER,
    calendar_id    TEXT,
    not_before     TEXT,
    correlation_id TEXT NOT NULL UNIQUE,
    parent_audit_id INTEGER REFERENCES audit_log(id),
    counts         TEXT NOT NULL DEFAULT '{}',
    error_code     TEXT,
    error_message  TEXT,
    created_at     TEXT NOT NULL,
    started_at     TEXT,
    finished_at    TEXT,
    CHECK (from_date < to_date),
    UNIQUE (job_id, slot_at, run_trigger),
    UNIQUE (user_id, id),
    FOREIGN KEY (user_id, job_id) REFERENCES job_configurations(user_id, id)
) STRICT;
CREATE INDEX idx_job_runs_open ON job_runs(state, not_before) WHERE state <> 'done';
CREATE UNIQUE INDEX idx_job_runs_one_running ON job_runs(job_id) WHERE state = 'running';

-- Versions 2, 3 … of an archived appointment: it changed, disappeared (tombstone) or came back.
CREATE TABLE appointment_versions (
    appointment_id INTEGER NOT NULL,
    version        INTEGER NOT NULL CHECK (version >= 2),
    user_id        INTEGER NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('changed', 'tombstone', 'restored')),
    reason         TEXT,
    run_id         INTEGER,
    ms_event_id    TEXT,
    start_time     TEXT NOT NULL,
    end_time       TEXT NOT NULL,
    is_all_day     INTEGER NOT NULL DEFAULT 0,
    start_date     TEXT,
    end_date       TEXT,
    subject        TEXT,
    location_id    INTEGER,
    category_id    INTEGER,
    recurrence     TEXT,
    is_private     INTEGER NOT NULL DEFAULT 0,
    is_out_of_office INTEGER NOT NULL DEFAULT 0,
    event_type     TEXT NOT NULL,
    original_zone  TEXT,
    show_as        TEXT NOT NULL,
    sensitivity    TEXT NOT NULL,
    importance     TEXT NOT NULL,
    response       TEXT NOT NULL,
    is_cancelled   INTEGER NOT NULL DEFAULT 0,
    categories     TEXT NOT NULL DEFAULT '[]',
    notes          INTEGER NOT NULL DEFAULT 0,
    content_hash   BLOB,
    created_at     TEXT NOT NULL,
    ms_event_data  TEXT,                     -- NULL for a tombstone
    PRIMARY KEY (appointment_id, version),
    FOREIGN KEY (user_id, appointment_id) REFERENCES appointments(user_id, id),
    FOREIGN KEY (user_id, location_id) REFERENCES locations(user_id, id),
    FOREIGN KEY (user_id, category_id) REFERENCES categories(user_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_appointment_versions_user_time ON appointment_versions(user_id, start_time, end_time);
CREATE TRIGGER appointment_versions_no_update BEFORE UPDATE ON appointment_versions
BEGIN
    SELECT RAISE(ABORT, 'a version of an archived appointment can not be changed');
END;
CREATE TRIGGER appointment_versions_no_delete BEFORE DELETE ON appointment_versions
WHEN NOT EXISTS (SELECT 1 FROM archive_unlocks WHERE appointment_id = OLD.appointment_id)
BEGIN
    SELECT RAISE(ABORT, 'a version of an archived appointment can not be deleted');
END;

-- Pages as they arrive; emptied when the run closes.  Without foreign keys, as SQLite drops whole pages instead of row
-- after row only where there are none: seconds of writing become a moment.
--
-- What the rules and the comparisons read again and again is apart from what only goes into the archive; of an
-- unchanged event there is nothing of the latter.
CREATE TABLE staged_events (
    id             INTEGER PRIMARY KEY,      -- run_id * 2^32 + sequence: what a run staged lies together
    run_id         INTEGER NOT NULL,         -- job_runs
    ms_event_id    TEXT NOT NULL,
    event_key      BLOB NOT NULL,            -- hashes of the identities, as in appointments
    slot_key       BLOB,
    appointment_id INTEGER,                  -- the archive's appointment of this identity
    change         TEXT NOT NULL CHECK (change IN ('new', 'changed', 'unchanged')),
    verdict        INTEGER NOT NULL DEFAULT 0, -- model/event.h, as are kind and answer
    kind           INTEGER NOT NULL,
    answer         INTEGER NOT NULL,
    start_ms       INTEGER NOT NULL,
    end_ms         INTEGER NOT NULL,
    start_day      INTEGER,                  -- all-day events only
    end_day        INTEGER,
    cancelled      INTEGER NOT NULL,
    location       TEXT,                     -- of new and changed events
    category       TEXT,                     -- the first one
    twin           BLOB NOT NULL,
    content_hash   BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX idx_staged_events_key ON staged_events(run_id, event_key);
CREATE UNIQUE INDEX idx_staged_events_appointment ON staged_events(run_id, appointment_id)
    WHERE appointment_id IS NOT NULL;

CREATE TABLE staged_contents (
    id             INTEGER PRIMARY KEY,      -- of staged_events
    start_time     TEXT NOT NULL,
    end_time       TEXT NOT NULL,
    is_all_day     INTEGER NOT NULL,
    start_date     TEXT,
    end_date       TEXT,
    subject        TEXT,
    categories     TEXT NOT NULL,
    recurrence     TEXT,
    ical_uid       TEXT,
    original_start TEXT,
    series_master_id TEXT,
    event_type     TEXT NOT NULL,
    original_zone  TEXT,
    show_as        TEXT NOT NULL,
    sensitivity    TEXT NOT NULL,
    importance     TEXT NOT NULL,
    response       TEXT NOT NULL,
    is_cancelled   INTEGER NOT NULL,
    notes          INTEGER NOT NULL,
    ms_event_data  TEXT NOT NULL
) STRICT;

CREATE TABLE staged_categories (
    run_id INTEGER NOT NULL,
    name   TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantined_events (            -- what could not be mapped, raw; never lost
    id             INTEGER PRIMARY KEY,
    user_id        INTEGER NOT NULL REFERENCES users(id),
    archive_configuration_id INTEGER NOT NULL,
    run_id         INTEGER NOT NULL REFERENCES job_runs(id),
    ms_event_id    TEXT,
    reason         TEXT NOT NULL,
    raw_hash       BLOB NOT NULL,
    raw            BLOB NOT NULL,
    state          TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved')),
    first_seen_at  TEXT NOT NULL,
    last_seen_at   TEXT NOT NULL,
    last_run_id    INTEGER NOT NULL,
    UNIQUE (archive_configuration_id, raw_hash),
    FOREIGN KEY (user_id, archive_configuration_id) REFERENCES archive_configurations(user_id, id)
) STRICT;

CREATE TABLE entity_associations (           -- links an action to what it is about
    id               INTEGER PRIMARY KEY,
    user_id          INTEGER NOT NULL REFERENCES users(id),
    source_type      TEXT NOT NULL,
    source_id        INTEGER NOT NULL,
    target_type      TEXT NOT NULL,
    target_id        INTEGER NOT NULL,
    association_type TEXT NOT NULL,
    created_at       TEXT NOT NULL,
    UNIQUE (source_type, source_id, target_type, target_id, association_type)
) STRICT;

CREATE TABLE outbox (                        -- remote writes: the intent and its key, before the request
    id          INTEGER PRIMARY KEY,
    user_id     INTEGER NOT NULL REFERENCES users(id),
    run_id      INTEGER REFERENCES job_runs(id),
    kind        TEXT NOT NULL,
    request_key TEXT NOT NULL UNIQUE,
    target      TEXT NOT NULL,
    payload     TEXT,
    state       TEXT NOT NULL DEFAULT 'intended' CHECK (state IN ('intended', 'done', 'failed')),
    result      TEXT,
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL
) STRICT;

CREATE TABLE timesheet_lines (
    id                  INTEGER PRIMARY KEY,
    user_id             INTEGER NOT NULL,
    timesheet_id        INTEGER NOT NULL,
    line_no             INTEGER NOT NULL,
    appointment_id      INTEGER NOT NULL,
    appointment_version INTEGER NOT NULL,
    day                 TEXT NOT NULL,
    minutes             INTEGER NOT NULL CHECK (minutes >= 0),
    customer            TEXT NOT NULL,
    billing_type        TEXT NOT NULL,
    subject             TEXT,
    UNIQUE (timesheet_id, line_no),
    FOREIGN KEY (user_id, timesheet_id) REFERENCES timesheets(user_id, id),
    FOREIGN KEY (user_id, appointment_id) REFERENCES appointments(user_id, id)
) STRICT;

-- The ledger beside the audit log: opening, child and closing are one link each.  mac is a keyed BLAKE2b-256 over the
-- entry's content and the link before.
CREATE TABLE audit_chain (
    seq      INTEGER PRIMARY KEY,
    audit_id INTEGER NOT NULL REFERENCES audit_log(id),
    kind     TEXT NOT NULL CHECK (kind IN ('open', 'close')),
    key_id   TEXT NOT NULL,
    mac      BLOB NOT NULL,
    UNIQUE (audit_id, kind)
) STRICT;
CREATE TRIGGER audit_chain_no_update BEFORE UPDATE ON audit_chain
BEGIN
    SELECT RAISE(ABORT, 'the audit chain is append-only');
END;
CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain
BEGIN
    SELECT RAISE(ABORT, 'the audit chain is append-only');
END;
