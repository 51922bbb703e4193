-- Timesheets: issued once, frozen, in revisions.

-- Nothing wrote timesheets before this version, and a table that gets new rules for most of its columns is made anew.
DROP TABLE timesheet_lines;

ALTER TABLE timesheets ADD COLUMN archive_configuration_id INTEGER REFERENCES archive_configurations(id);
ALTER TABLE timesheets ADD COLUMN number TEXT;                -- 2026-0007: of the user, by the year in which the period ends
ALTER TABLE timesheets ADD COLUMN revision INTEGER NOT NULL DEFAULT 1 CHECK (revision >= 1);
ALTER TABLE timesheets ADD COLUMN supersedes_id INTEGER REFERENCES timesheets(id);
ALTER TABLE timesheets ADD COLUMN run_id INTEGER;             -- that issued it; NULL: the command line
ALTER TABLE timesheets ADD COLUMN zone TEXT;                  -- IANA; days and times are on its wall
ALTER TABLE timesheets ADD COLUMN rules TEXT;                 -- JSON, as they were when it was issued
ALTER TABLE timesheets ADD COLUMN user_name TEXT;             -- as printed
ALTER TABLE timesheets ADD COLUMN user_email TEXT;            -- as printed
ALTER TABLE timesheets ADD COLUMN name TEXT;                  -- of the archive configuration, as printed
ALTER TABLE timesheets ADD COLUMN content_hash BLOB;
ALTER TABLE timesheets ADD COLUMN issued_at TEXT;
ALTER TABLE timesheets ADD COLUMN n_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE timesheets ADD COLUMN worked_minutes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE timesheets ADD COLUMN held_minutes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE timesheets ADD COLUMN billed_minutes INTEGER NOT NULL DEFAULT 0;
-- The period that the schema's inclusive end_date stands for is [start_date, end_date + 1 day).
CREATE UNIQUE INDEX idx_timesheets_number ON timesheets(user_id, number, revision) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX idx_timesheets_successor ON timesheets(supersedes_id) WHERE supersedes_id IS NOT NULL;
CREATE INDEX idx_timesheets_period ON timesheets(archive_configuration_id, start_date, end_date) WHERE status = 'issued';

-- A column that is added can not be part of a foreign key with user_id: isolation by user is kept here.
CREATE TRIGGER timesheets_one_user_insert BEFORE INSERT ON timesheets
WHEN NEW.archive_configuration_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM archive_configurations c
        WHERE c.id = NEW.archive_configuration_id AND c.user_id = NEW.user_id)
    OR NEW.supersedes_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM timesheets t
        WHERE t.id = NEW.supersedes_id AND t.user_id = NEW.user_id)
BEGIN
    SELECT RAISE(ABORT, 'a timesheet is of one user');
END;
CREATE TRIGGER timesheets_one_user_update BEFORE UPDATE OF user_id, archive_configuration_id, supersedes_id ON timesheets
WHEN NEW.archive_configuration_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM archive_configurations c
        WHERE c.id = NEW.archive_configuration_id AND c.user_id = NEW.user_id)
    OR NEW.supersedes_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM timesheets t
        WHERE t.id = NEW.supersedes_id AND t.user_id = NEW.user_id)
BEGIN
    SELECT RAISE(ABORT, 'a timesheet is of one user');
END;

-- One period, one sheet: what is issued locks its days for every other one of the same archive configuration.
CREATE TRIGGER timesheets_period_locked BEFORE INSERT ON timesheets WHEN NEW.status = 'issued'
    AND EXISTS (SELECT 1 FROM timesheets t WHERE t.archive_configuration_id = NEW.archive_configuration_id
                AND t.status = 'issued' AND t.start_date <= NEW.end_date AND t.end_date >= NEW.start_date)
BEGIN
    SELECT RAISE(ABORT, 'the period overlaps a timesheet that is issued');
END;
-- A sheet is written as a draft, with its lines, and then issued: it must have what its header says.
CREATE TRIGGER timesheets_issued BEFORE UPDATE OF status ON timesheets WHEN OLD.status = 'draft' AND NEW.status <> 'draft'
BEGIN
    SELECT RAISE(ABORT, 'a draft can only be issued') WHERE NEW.status <> 'issued';
    SELECT RAISE(ABORT, 'the period overlaps a timesheet that is issued')
    WHERE EXISTS (SELECT 1 FROM timesheets t WHERE t.archive_configuration_id = NEW.archive_configuration_id
                  AND t.status = 'issued' AND t.start_date <= NEW.end_date AND t.end_date >= NEW.start_date
                  AND t.id <> NEW.id);
    SELECT RAISE(ABORT, 'the lines of the timesheet are not what its header says')
    WHERE (SELECT count(*) <> NEW.n_lines OR coalesce(sum(l.worked_minutes), 0) <> NEW.worked_minutes
                  OR coalesce(sum(l.held_minutes), 0) <> NEW.held_minutes
                  OR coalesce(sum(l.minutes), 0) <> NEW.billed_minutes
           FROM timesheet_lines l WHERE l.timesheet_id = NEW.id);
END;
-- Issued is frozen.  It may be superseded, once, by its next revision; where its documents lie and where they were sent to
-- is not part of it.
CREATE TRIGGER timesheets_frozen BEFORE UPDATE ON timesheets WHEN OLD.status <> 'draft'
    AND NOT ((NEW.status = OLD.status OR OLD.status = 'issued' AND NEW.status = 'superseded')
        AND OLD.id IS NEW.id AND OLD.user_id IS NEW.user_id AND OLD.start_date IS NEW.start_date
        AND OLD.end_date IS NEW.end_date AND OLD.archive_configuration_id IS NEW.archive_configuration_id
        AND OLD.number IS NEW.number AND OLD.revision IS NEW.revision AND OLD.supersedes_id IS NEW.supersedes_id
        AND OLD.run_id IS NEW.run_id AND OLD.zone IS NEW.zone AND OLD.rules IS NEW.rules
        AND OLD.user_name IS NEW.user_name AND OLD.user_email IS NEW.user_email AND OLD.name IS NEW.name
        AND OLD.content_hash IS NEW.content_hash AND OLD.issued_at IS NEW.issued_at AND OLD.n_lines IS NEW.n_lines
        AND OLD.worked_minutes IS NEW.worked_minutes AND OLD.held_minutes IS NEW.held_minutes
        AND OLD.billed_minutes IS NEW.billed_minutes AND OLD.created_at IS NEW.created_at)
BEGIN
    SELECT RAISE(ABORT, 'an issued timesheet can not be changed');
END;
CREATE TRIGGER timesheets_no_delete BEFORE DELETE ON timesheets WHEN OLD.status <> 'draft'
BEGIN
    SELECT RAISE(ABORT, 'an issued timesheet can not be deleted');
END;

CREATE TABLE timesheet_lines (                -- model/sheet.h, struct sheet_line
    timesheet_id        INTEGER NOT NULL,
    line_no             INTEGER NOT NULL CHECK (line_no >= 1),
    user_id             INTEGER NOT NULL,
    appointment_id      INTEGER NOT NULL,
    appointment_version INTEGER NOT NULL CHECK (appointment_version >= 1),
    day                 TEXT NOT NULL,
    kind                TEXT NOT NULL CHECK (kind = 'work' OR kind = 'travel'),
    billing_type        TEXT NOT NULL CHECK (billing_type = 'billable' OR billing_type = 'non-billable'),
    is_all_day          INTEGER NOT NULL CHECK (is_all_day = 0 OR is_all_day = 1),
    is_late             INTEGER NOT NULL CHECK (is_late = 0 OR is_late = 1),
    start_time          TEXT NOT NULL,        -- of the part on this day
    end_time            TEXT NOT NULL,
    span_minutes        INTEGER NOT NULL CHECK (span_minutes >= 0),
    worked_minutes      INTEGER NOT NULL CHECK (worked_minutes BETWEEN 0 AND span_minutes),
    held_minutes        INTEGER NOT NULL CHECK (held_minutes BETWEEN 0 AND worked_minutes),
    unrounded_minutes   INTEGER NOT NULL CHECK (unrounded_minutes >= 0),
    minutes             INTEGER NOT NULL CHECK (minutes >= 0),           -- billed
    worked_hundredths   INTEGER NOT NULL CHECK (worked_hundredths >= 0),
    billed_hundredths   INTEGER NOT NULL CHECK (billed_hundredths >= 0),
    customer            TEXT NOT NULL,
    subject             TEXT NOT NULL,
    location            TEXT NOT NULL,
    decision            TEXT NOT NULL,
    PRIMARY KEY (timesheet_id, line_no),
    CHECK (billing_type = 'billable' OR minutes = 0 AND unrounded_minutes = 0),
    FOREIGN KEY (user_id, timesheet_id) REFERENCES timesheets(user_id, id),
    FOREIGN KEY (user_id, appointment_id) REFERENCES appointments(user_id, id)
) STRICT, WITHOUT ROWID;
-- An appointment is billed for a day once in a sheet; whether in another one is looked up here.
CREATE UNIQUE INDEX idx_timesheet_lines_appointment ON timesheet_lines(appointment_id, day, timesheet_id);
-- Who has the minutes of a day already, late lines of later sheets among them.
CREATE INDEX idx_timesheet_lines_day ON timesheet_lines(user_id, day);
CREATE TRIGGER timesheet_lines_no_insert BEFORE INSERT ON timesheet_lines
WHEN EXISTS (SELECT 1 FROM timesheets WHERE id = NEW.timesheet_id AND status <> 'draft')
BEGIN
    SELECT RAISE(ABORT, 'an issued timesheet gets no more lines');
END;
CREATE TRIGGER timesheet_lines_no_update BEFORE UPDATE ON timesheet_lines
BEGIN
    SELECT RAISE(ABORT, 'a line of a timesheet can not be changed');
END;
CREATE TRIGGER timesheet_lines_no_delete BEFORE DELETE ON timesheet_lines
WHEN EXISTS (SELECT 1 FROM timesheets WHERE id = OLD.timesheet_id AND status <> 'draft')
BEGIN
    SELECT RAISE(ABORT, 'a line of an issued timesheet can not be deleted');
END;

-- What has been made of a sheet, and what still has to be.  The schema's pdf_path, csv_path and excel_path are kept equal.
CREATE TABLE timesheet_documents (
    timesheet_id  INTEGER NOT NULL,
    format        TEXT NOT NULL CHECK (format IN ('csv', 'xlsx', 'pdf', 'html', 'json')),
    user_id       INTEGER NOT NULL,
    state         TEXT NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'made', 'failed')),
    path          TEXT,
    bytes         INTEGER,
    file_hash     BLOB,                       -- BLAKE2b-256 of the file
    missing_glyphs INTEGER,                   -- characters that no font has
    note          TEXT,                       -- what a person should know: the template was not good …
    error_code    TEXT,
    error_message TEXT,
    updated_at    TEXT NOT NULL,
    PRIMARY KEY (timesheet_id, format),
    FOREIGN KEY (user_id, timesheet_id) REFERENCES timesheets(user_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_timesheet_documents_wanted ON timesheet_documents(timesheet_id) WHERE state <> 'made';

-- A person's decision about two appointments that share minutes: who gets them.
CREATE TABLE overlap_rulings (
    user_id    INTEGER NOT NULL,
    winner_id  INTEGER NOT NULL,
    loser_id   INTEGER NOT NULL,
    action_id  INTEGER,
    created_at TEXT NOT NULL,
    PRIMARY KEY (winner_id, loser_id),
    CHECK (winner_id <> loser_id),
    FOREIGN KEY (user_id, winner_id) REFERENCES appointments(user_id, id),
    FOREIGN KEY (user_id, loser_id) REFERENCES appointments(user_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_overlap_rulings_user ON overlap_rulings(user_id);

ALTER TABLE job_runs ADD COLUMN timesheet_id INTEGER; -- that the run issued
CREATE INDEX idx_appointments_timesheet ON appointments(timesheet_id) WHERE timesheet_id IS NOT NULL;

-- What the archive learned since a sheet was issued: late appointments.
CREATE INDEX idx_appointments_archived ON appointments(user_id, created_at, start_time);
CREATE INDEX idx_appointment_versions_archived ON appointment_versions(user_id, created_at, start_time);
