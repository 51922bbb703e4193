-- The tables of the schema document (users … action_log), with what this service's semantics add to them.
-- Times are UTC text 'YYYY-MM-DD HH:MM:SS.ffffff'; dates are 'YYYY-MM-DD'; booleans are 0/1.
-- Isolation by user is done here: a foreign key that leads to another table of the user's carries user_id.

CREATE TABLE users (
    id                  INTEGER PRIMARY KEY,
    email               TEXT NOT NULL UNIQUE,
    username            TEXT UNIQUE,
    name                TEXT,
    role                TEXT,
    is_active           INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    ms_access_token     TEXT CHECK (ms_access_token LIKE 'v1.%'),
    ms_refresh_token    TEXT CHECK (ms_refresh_token LIKE 'v1.%'),
    ms_token_expires_at TEXT,
    profile_photo_url   TEXT,
    ms_token_cache      TEXT CHECK (ms_token_cache LIKE 'v1.%'),
    -- ours
    ms_auth_state       TEXT NOT NULL DEFAULT 'none' CHECK (ms_auth_state IN ('none', 'ok', 'reauth_needed')),
    ms_auth_reason      TEXT,
    created_at          TEXT NOT NULL,
    updated_at          TEXT NOT NULL
) STRICT;
CREATE INDEX idx_users_email ON users(email);
CREATE UNIQUE INDEX idx_users_email_nocase ON users(lower(email));

CREATE TABLE locations (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users(id),
    name       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (user_id, name),
    UNIQUE (user_id, id)
) STRICT;

CREATE TABLE categories (
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users(id),
    name       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (user_id, name),
    UNIQUE (user_id, id)
) STRICT;

CREATE TABLE calendars (
    id          INTEGER PRIMARY KEY,
    user_id     INTEGER NOT NULL REFERENCES users(id),
    uri         TEXT NOT NULL,               -- canonical calendar URI
    name        TEXT NOT NULL,
    ms_calendar_id TEXT,                     -- as Graph knows it; NULL for local calendars
    calendar_type  TEXT NOT NULL DEFAULT 'remote' CHECK (calendar_type IN ('remote', 'local')),
    is_active   INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at  TEXT NOT NULL,
    updated_at  TEXT NOT NULL,
    UNIQUE (user_id, uri),
    UNIQUE (user_id, id)
) STRICT;

CREATE TABLE archive_configurations (
    id                       INTEGER PRIMARY KEY,
    user_id                  INTEGER NOT NULL REFERENCES users(id),
    name                     TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    source_calendar_uri      TEXT NOT NULL,
    destination_calendar_uri TEXT NOT NULL,
    timezone                 TEXT NOT NULL,
    is_active                INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    allow_overlaps           INTEGER NOT NULL DEFAULT 1 CHECK (allow_overlaps IN (0, 1)),
    archive_purpose          TEXT NOT NULL DEFAULT 'general' CHECK (archive_purpose IN ('general', 'timesheet')),
    -- ours
    skip_cancelled           INTEGER NOT NULL DEFAULT 1 CHECK (skip_cancelled IN (0, 1)),
    keep_declined            INTEGER NOT NULL DEFAULT 0 CHECK (keep_declined IN (0, 1)),
    created_at               TEXT NOT NULL,
    updated_at               TEXT NOT NULL,
    UNIQUE (user_id, name),
    UNIQUE (user_id, id)
) STRICT;

CREATE TABLE job_configurations (
    id                       INTEGER PRIMARY KEY,
    user_id                  INTEGER NOT NULL REFERENCES users(id),
    archive_configuration_id INTEGER NOT NULL,
    archive_window_days      INTEGER NOT NULL DEFAULT 30 CHECK (archive_window_days BETWEEN 1 AND 3650),
    schedule_type            TEXT NOT NULL DEFAULT 'daily'
                             CHECK (schedule_type IN ('daily', 'weekly', 'monthly', 'manual')),
    schedule_hour            INTEGER NOT NULL DEFAULT 23 CHECK (schedule_hour BETWEEN 0 AND 23),
    schedule_minute          INTEGER NOT NULL DEFAULT 59 CHECK (schedule_minute BETWEEN 0 AND 59),
    schedule_day_of_week     INTEGER CHECK (schedule_day_of_week BETWEEN 0 AND 6),
    is_active                INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    -- ours
    job_type                 TEXT NOT NULL DEFAULT 'calendar_archive'
                             CHECK (job_type IN ('calendar_archive', 'timesheet')),
    schedule_day_of_month    INTEGER CHECK (schedule_day_of_month BETWEEN 1 AND 31),
    catch_up                 TEXT NOT NULL DEFAULT 'once' CHECK (catch_up IN ('skip', 'once', 'all')),
    paused_at                TEXT,
    paused_by                TEXT,
    paused_reason            TEXT,
    next_run_at              TEXT,           -- a cache of the rule, emptied by the triggers below
    archived_through         TEXT,           -- high-water mark: local days before this date are archived
    created_at               TEXT NOT NULL,
    updated_at               TEXT NOT NULL,
    CHECK (schedule_type <> 'weekly' OR schedule_day_of_week IS NOT NULL),
    CHECK (schedule_type <> 'monthly' OR schedule_day_of_month IS NOT NULL),
    UNIQUE (archive_configuration_id, job_type),
    UNIQUE (user_id, id),
    FOREIGN KEY (user_id, archive_configuration_id) REFERENCES archive_configurations(user_id, id)
) STRICT;
CREATE INDEX idx_job_configurations_next_run ON job_configurations(next_run_at) WHERE is_active = 1 AND paused_at IS NULL;

CREATE TRIGGER job_configurations_rule_changed AFTER UPDATE OF schedule_type, schedule_hour, schedule_minute,
    schedule_day_of_week, schedule_day_of_month, is_active, paused_at, archive_configuration_id ON job_configurations
BEGIN
    UPDATE job_configurations SET next_run_at = NULL WHERE id = NEW.id;
END;
CREATE TRIGGER archive_configurations_zone_changed AFTER UPDATE OF timezone, is_active ON archive_configurations
BEGIN
    UPDATE job_configurations SET next_run_at = NULL WHERE archive_configuration_id = NEW.id;
END;

CREATE TABLE timesheets (
    id                   INTEGER PRIMARY KEY,
    user_id              INTEGER NOT NULL REFERENCES users(id),
    start_date           TEXT NOT NULL,
    end_date             TEXT NOT NULL,      -- the last day, inclusive
    status               TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'issued', 'superseded')),
    pdf_path             TEXT,
    csv_path             TEXT,
    excel_path           TEXT,
    uploaded_to_onedrive INTEGER NOT NULL DEFAULT 0 CHECK (uploaded_to_onedrive IN (0, 1)),
    uploaded_to_xero     INTEGER NOT NULL DEFAULT 0 CHECK (uploaded_to_xero IN (0, 1)),
    created_at           TEXT NOT NULL,
    updated_at           TEXT NOT NULL,
    CHECK (start_date <= end_date),
    UNIQUE (user_id, id)
) STRICT;

-- An appointment is the first version that the archive saw and never changes; what changed later in Outlook is in
-- appointment_versions (0002).
CREATE TABLE appointments (
    id               INTEGER PRIMARY KEY,
    ms_event_id      TEXT,
    user_id          INTEGER NOT NULL REFERENCES users(id),
    start_time       TEXT NOT NULL,
    end_time         TEXT NOT NULL,
    subject          TEXT,
    location_id      INTEGER,
    category_id      INTEGER,                -- of the first category; all of them are in categories
    timesheet_id     INTEGER,
    recurrence       TEXT,
    is_private       INTEGER NOT NULL DEFAULT 0 CHECK (is_private IN (0, 1)),
    is_archived      INTEGER NOT NULL DEFAULT 0 CHECK (is_archived IN (0, 1)),
    is_out_of_office INTEGER NOT NULL DEFAULT 0 CHECK (is_out_of_office IN (0, 1)),
    created_at       TEXT NOT NULL,
    updated_at       TEXT NOT NULL,
    -- ours
    archive_configuration_id INTEGER,
    calendar_id      INTEGER,                -- the destination
    run_id           INTEGER,                -- that archived it
    -- 16-byte hashes of the identity (ms_event_id) and the second identity (ical_uid, original_start): ids are long and
    -- come in any order, and an index over them would be read and written all over the disk.
    event_key        BLOB,
    slot_key         BLOB,
    ical_uid         TEXT,
    original_start   TEXT,                   -- the slot of an occurrence (RECURRENCE-ID)
    series_master_id TEXT,
    event_type       TEXT NOT NULL DEFAULT 'singleInstance'
                     CHECK (event_type IN ('singleInstance', 'occurrence', 'exception', 'seriesMaster')),
    is_all_day       INTEGER NOT NULL DEFAULT 0 CHECK (is_all_day IN (0, 1)),
    start_date       TEXT,                   -- all-day events are dates, end exclusive
    end_date         TEXT,
    original_zone    TEXT,
    show_as          TEXT NOT NULL DEFAULT 'busy',
    sensitivity      TEXT NOT NULL DEFAULT 'normal',
    importance       TEXT NOT NULL DEFAULT 'normal',
    response         TEXT NOT NULL DEFAULT 'none',
    is_cancelled     INTEGER NOT NULL DEFAULT 0 CHECK (is_cancelled IN (0, 1)),
    categories       TEXT NOT NULL DEFAULT '[]',  -- JSON array of names, in Outlook's order
    notes            INTEGER NOT NULL DEFAULT 0,  -- bit set, model/event.h enum event_note
    content_hash     BLOB,
    ms_event_data    TEXT,                   -- the event exactly as Graph sent it; last, so that it spills first
    CHECK (start_time <= end_time),
    CHECK (is_all_day = 0 OR (start_date IS NOT NULL AND end_date IS NOT NULL AND start_date < end_date)),
    UNIQUE (user_id, id),
    FOREIGN KEY (user_id, location_id) REFERENCES locations(user_id, id),
    FOREIGN KEY (user_id, category_id) REFERENCES categories(user_id, id),
    FOREIGN KEY (user_id, timesheet_id) REFERENCES timesheets(user_id, id),
    FOREIGN KEY (user_id, archive_configuration_id) REFERENCES archive_configurations(user_id, id),
    FOREIGN KEY (user_id, calendar_id) REFERENCES calendars(user_id, id)
) STRICT;
CREATE INDEX idx_appointments_user_time ON appointments(user_id, start_time, end_time);
CREATE UNIQUE INDEX idx_appointments_identity ON appointments(archive_configuration_id, event_key)
    WHERE archive_configuration_id IS NOT NULL;
CREATE INDEX idx_appointments_slot ON appointments(archive_configuration_id, slot_key)
    WHERE archive_configuration_id IS NOT NULL;

-- The owner's explicit act is a row in archive_unlocks, put there and taken away in the same transaction, with its
-- audit entry.
CREATE TABLE archive_unlocks (
    appointment_id INTEGER PRIMARY KEY,
    reason         TEXT NOT NULL
) STRICT;

CREATE TRIGGER appointments_no_update BEFORE UPDATE ON appointments
WHEN OLD.is_archived = 1
    AND NOT EXISTS (SELECT 1 FROM archive_unlocks WHERE appointment_id = OLD.id)
    -- A timesheet may claim it; updated_at then moves along.  Every other column must stay.
    AND NOT (OLD.timesheet_id IS NOT NEW.timesheet_id
        AND OLD.id IS NEW.id AND OLD.ms_event_id IS NEW.ms_event_id AND OLD.user_id IS NEW.user_id
        AND OLD.start_time IS NEW.start_time AND OLD.end_time IS NEW.end_time AND OLD.subject IS NEW.subject
        AND OLD.location_id IS NEW.location_id AND OLD.category_id IS NEW.category_id
        AND OLD.recurrence IS NEW.recurrence AND OLD.is_private IS NEW.is_private
        AND OLD.is_archived IS NEW.is_archived AND OLD.is_out_of_office IS NEW.is_out_of_office
        AND OLD.created_at IS NEW.created_at
        AND OLD.archive_configuration_id IS NEW.archive_configuration_id
        AND OLD.calendar_id IS NEW.calendar_id AND OLD.run_id IS NEW.run_id AND OLD.ical_uid IS NEW.ical_uid
        AND OLD.event_key IS NEW.event_key AND OLD.slot_key IS NEW.slot_key
        AND OLD.original_start IS NEW.original_start AND OLD.series_master_id IS NEW.series_master_id
        AND OLD.event_type IS NEW.event_type AND OLD.is_all_day IS NEW.is_all_day
        AND OLD.start_date IS NEW.start_date AND OLD.end_date IS NEW.end_date
        AND OLD.original_zone IS NEW.original_zone AND OLD.show_as IS NEW.show_as
        AND OLD.sensitivity IS NEW.sensitivity AND OLD.importance IS NEW.importance
        AND OLD.response IS NEW.response AND OLD.is_cancelled IS NEW.is_cancelled
        AND OLD.categories IS NEW.categories AND OLD.notes IS NEW.notes
        AND OLD.content_hash IS NEW.content_hash AND OLD.ms_event_data IS NEW.ms_event_data)
BEGIN
    SELECT RAISE(ABORT, 'an archived appointment can not be changed');
END;
CREATE TRIGGER appointments_no_delete BEFORE DELETE ON appointments
WHEN OLD.is_archived = 1 AND NOT EXISTS (SELECT 1 FROM archive_unlocks WHERE appointment_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'an archived appointment can not be deleted');
END;

CREATE TABLE audit_log (
    id              INTEGER PRIMARY KEY,
    user_id         INTEGER REFERENCES users(id),
    action_type     TEXT NOT NULL CHECK (length(action_type) <= 64),
    operation       TEXT NOT NULL CHECK (length(operation) <= 128),
    resource_type   TEXT CHECK (length(resource_type) <= 64),
    resource_id     TEXT CHECK (length(resource_id) <= 1024),
    status          TEXT NOT NULL CHECK (status IN ('started', 'success', 'partial', 'failure')),
    message         TEXT,
    details         TEXT,
    request_data    TEXT,
    response_data   TEXT,
    duration_ms     INTEGER,
    ip_address      TEXT,
    user_agent      TEXT,
    correlation_id  TEXT,
    parent_audit_id INTEGER REFERENCES audit_log(id),
    child_count     INTEGER,                 -- of a parent, written when it is closed
    created_at      TEXT NOT NULL,
    closed_at       TEXT
) STRICT;
CREATE INDEX idx_audit_log_user_time ON audit_log(user_id, created_at);
CREATE INDEX idx_audit_log_parent ON audit_log(parent_audit_id) WHERE parent_audit_id IS NOT NULL;
CREATE INDEX idx_audit_log_correlation ON audit_log(correlation_id) WHERE correlation_id IS NOT NULL;

-- Append-only; a parent that is 'started' is closed by one update, once.
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
WHEN NOT (OLD.status = 'started' AND NEW.status <> 'started' AND OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL
    AND OLD.id IS NEW.id AND OLD.user_id IS NEW.user_id AND OLD.action_type IS NEW.action_type
    AND OLD.operation IS NEW.operation AND OLD.resource_type IS NEW.resource_type
    AND OLD.resource_id IS NEW.resource_id AND OLD.request_data IS NEW.request_data
    AND OLD.correlation_id IS NEW.correlation_id AND OLD.parent_audit_id IS NEW.parent_audit_id
    AND OLD.ip_address IS NEW.ip_address AND OLD.user_agent IS NEW.user_agent
    AND OLD.created_at IS NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE action_log (
    id              INTEGER PRIMARY KEY,
    user_id         INTEGER NOT NULL REFERENCES users(id),
    event_type      TEXT NOT NULL,
    state           TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved', 'archived')),
    description     TEXT,
    details         TEXT,
    recommendations TEXT,
    dedup_key       TEXT,                    -- one open task per key
    created_at      TEXT NOT NULL,
    updated_at      TEXT NOT NULL,
    UNIQUE (user_id, id)
) STRICT;
CREATE UNIQUE INDEX idx_action_log_open ON action_log(user_id, event_type, dedup_key) WHERE state = 'open';
