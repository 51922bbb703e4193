-- Every due time is a slot with a verdict, and what the scheduler must know is one look at an index away, however many
-- jobs there are.

-- ---- rules that cost nothing ----

-- For a comparison with more than two constants (IN) SQLite fills a table of their own, for every row that is written: half
-- of what it costs to store a run.  A chain of ORs says the same and is compared in place.  Texts of rules may be changed
-- where the rows stay good: https://www.sqlite.org/lang_altertable.html, section 7.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (run_trigger IN (''schedule'', ''signal'', ''request''))',
    'CHECK (run_trigger = ''schedule'' OR run_trigger = ''signal'' OR run_trigger = ''request'')')
    WHERE type = 'table' AND name = 'job_runs';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (state IN (''queued'', ''running'', ''waiting'', ''done''))',
    'CHECK (state = ''queued'' OR state = ''running'' OR state = ''waiting'' OR state = ''done'')')
    WHERE type = 'table' AND name = 'job_runs';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (outcome IN (''none'', ''success'', ''partial'', ''failure''))',
    'CHECK (outcome = ''none'' OR outcome = ''success'' OR outcome = ''partial'' OR outcome = ''failure'')')
    WHERE type = 'table' AND name = 'job_runs';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (status IN (''started'', ''success'', ''partial'', ''failure''))',
    'CHECK (status = ''started'' OR status = ''success'' OR status = ''partial'' OR status = ''failure'')')
    WHERE type = 'table' AND name = 'audit_log';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (change IN (''new'', ''changed'', ''unchanged''))',
    'CHECK (change = ''new'' OR change = ''changed'' OR change = ''unchanged'')')
    WHERE type = 'table' AND name = 'staged_events';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (event_type IN (''singleInstance'', ''occurrence'', ''exception'', ''seriesMaster''))',
    'CHECK (event_type = ''singleInstance'' OR event_type = ''occurrence'' OR event_type = ''exception'' OR event_type = ''seriesMaster'')')
    WHERE type = 'table' AND name = 'appointments';
UPDATE sqlite_schema SET sql = replace(sql,
    'CHECK (kind IN (''changed'', ''tombstone'', ''restored''))',
    'CHECK (kind = ''changed'' OR kind = ''tombstone'' OR kind = ''restored'')')
    WHERE type = 'table' AND name = 'appointment_versions';
PRAGMA writable_schema = RESET;

-- ---- which jobs are due ----

-- The job, its archive configuration and its user are all active; kept by the triggers below, so that the index of due
-- jobs holds no job that must not run.
ALTER TABLE job_configurations ADD COLUMN is_enabled INTEGER NOT NULL DEFAULT 1 CHECK (is_enabled IN (0, 1));
-- Every slot of the rule until here has its verdict.  NULL: slots begin when the service first sees the rule.
ALTER TABLE job_configurations ADD COLUMN slots_through TEXT;
-- Local days before this date should be archived, says the latest slot.  The job is behind while archived_through is
-- less.
ALTER TABLE job_configurations ADD COLUMN due_through TEXT;
-- Asked with /start, plain, and /fail when a run begins, succeeds, fails; NULL: nobody is told.
ALTER TABLE job_configurations ADD COLUMN ping_url TEXT CHECK (length(ping_url) BETWEEN 8 AND 500);

-- One row: what would otherwise be counted over all jobs or searched in all runs.
CREATE TABLE service_totals (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    jobs_active      INTEGER NOT NULL DEFAULT 0,  -- enabled and not paused
    jobs_paused      INTEGER NOT NULL DEFAULT 0,  -- enabled and paused
    last_run_id      INTEGER,                     -- the latest run that was closed
    last_success_at  TEXT,                        -- of a run that was not dry
    clock_high_at    TEXT                         -- the latest time at which the scheduler wrote
) STRICT;
-- Before the triggers below are there, so that next_run_at stays: a slot that came due before this migration is not lost.
UPDATE job_configurations SET is_enabled = 0 WHERE NOT (is_active = 1 AND EXISTS (
    SELECT 1 FROM archive_configurations c JOIN users u ON u.id = c.user_id
    WHERE c.id = archive_configuration_id AND c.is_active = 1 AND u.is_active = 1));
INSERT INTO service_totals (id, jobs_active, jobs_paused, last_run_id, last_success_at) SELECT 1,
    (SELECT count(*) FROM job_configurations WHERE is_enabled = 1 AND paused_at IS NULL),
    (SELECT count(*) FROM job_configurations WHERE is_enabled = 1 AND paused_at IS NOT NULL),
    (SELECT max(id) FROM job_runs WHERE state = 'done'),
    (SELECT max(finished_at) FROM job_runs WHERE outcome IN ('success', 'partial') AND is_dry = 0);

-- Small things that the service remembers from one start to the next.
CREATE TABLE service_state (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER job_configurations_inserted AFTER INSERT ON job_configurations
BEGIN
    UPDATE service_totals SET jobs_active = jobs_active + (NEW.is_enabled = 1 AND NEW.paused_at IS NULL),
                              jobs_paused = jobs_paused + (NEW.is_enabled = 1 AND NEW.paused_at IS NOT NULL);
    UPDATE job_configurations SET is_enabled = 0 WHERE id = NEW.id AND is_enabled = 1 AND NOT (is_active = 1
        AND EXISTS (SELECT 1 FROM archive_configurations c JOIN users u ON u.id = c.user_id
                    WHERE c.id = NEW.archive_configuration_id AND c.is_active = 1 AND u.is_active = 1));
END;
CREATE TRIGGER job_configurations_activity AFTER UPDATE OF is_active, archive_configuration_id ON job_configurations
BEGIN
    UPDATE job_configurations SET is_enabled = (NEW.is_active = 1
        AND EXISTS (SELECT 1 FROM archive_configurations c JOIN users u ON u.id = c.user_id
                    WHERE c.id = NEW.archive_configuration_id AND c.is_active = 1 AND u.is_active = 1))
    WHERE id = NEW.id;
END;
CREATE TRIGGER archive_configurations_activity AFTER UPDATE OF is_active ON archive_configurations
BEGIN
    UPDATE job_configurations SET is_enabled = (is_active = 1 AND NEW.is_active = 1
        AND EXISTS (SELECT 1 FROM users u WHERE u.id = NEW.user_id AND u.is_active = 1))
    WHERE archive_configuration_id = NEW.id;
END;
CREATE TRIGGER users_activity AFTER UPDATE OF is_active ON users
BEGIN
    UPDATE job_configurations SET is_enabled = (is_active = 1 AND NEW.is_active = 1
        AND EXISTS (SELECT 1 FROM archive_configurations c WHERE c.id = archive_configuration_id AND c.is_active = 1))
    WHERE user_id = NEW.id;
END;

CREATE TRIGGER job_configurations_totals AFTER UPDATE OF is_enabled, paused_at ON job_configurations
WHEN OLD.is_enabled <> NEW.is_enabled OR (OLD.paused_at IS NULL) <> (NEW.paused_at IS NULL)
BEGIN
    UPDATE service_totals SET
        jobs_active = jobs_active + (NEW.is_enabled = 1 AND NEW.paused_at IS NULL)
                                  - (OLD.is_enabled = 1 AND OLD.paused_at IS NULL),
        jobs_paused = jobs_paused + (NEW.is_enabled = 1 AND NEW.paused_at IS NOT NULL)
                                  - (OLD.is_enabled = 1 AND OLD.paused_at IS NOT NULL);
END;
CREATE TRIGGER job_configurations_deleted AFTER DELETE ON job_configurations WHEN OLD.is_enabled = 1
BEGIN
    UPDATE service_totals SET jobs_active = jobs_active - (OLD.paused_at IS NULL),
                              jobs_paused = jobs_paused - (OLD.paused_at IS NOT NULL);
END;

-- next_run_at is a cache of the rule.  A job that was manual or not enabled had no slots: they begin anew.
DROP TRIGGER job_configurations_rule_changed;
CREATE TRIGGER job_configurations_rule_changed AFTER UPDATE OF schedule_type, schedule_hour, schedule_minute,
    schedule_day_of_week, schedule_day_of_month, is_enabled, paused_at, archive_configuration_id ON job_configurations
WHEN OLD.schedule_type IS NOT NEW.schedule_type OR OLD.schedule_hour IS NOT NEW.schedule_hour
    OR OLD.schedule_minute IS NOT NEW.schedule_minute OR OLD.schedule_day_of_week IS NOT NEW.schedule_day_of_week
    OR OLD.schedule_day_of_month IS NOT NEW.schedule_day_of_month OR OLD.is_enabled IS NOT NEW.is_enabled
    OR OLD.paused_at IS NOT NEW.paused_at OR OLD.archive_configuration_id IS NOT NEW.archive_configuration_id
BEGIN
    UPDATE job_configurations SET next_run_at = NULL,
        slots_through = CASE WHEN OLD.schedule_type = 'manual' OR OLD.is_enabled = 0 THEN NULL ELSE slots_through END
    WHERE id = NEW.id;
END;
-- The days of another zone begin up to 26 hours later or earlier: the last ones are archived again.
DROP TRIGGER archive_configurations_zone_changed;
CREATE TRIGGER archive_configurations_zone_changed AFTER UPDATE OF timezone ON archive_configurations
WHEN OLD.timezone IS NOT NEW.timezone
BEGIN
    UPDATE job_configurations SET next_run_at = NULL, archived_through = date(archived_through, '-2 days')
    WHERE archive_configuration_id = NEW.id;
END;

DROP INDEX idx_job_configurations_next_run;
CREATE INDEX idx_job_configurations_next_run ON job_configurations(next_run_at) WHERE is_enabled = 1;
CREATE INDEX idx_job_configurations_behind ON job_configurations(id) WHERE is_enabled = 1 AND paused_at IS NULL
    AND due_through IS NOT NULL AND (archived_through IS NULL OR archived_through < due_through);

-- ---- verdicts ----

-- What became of the slot or the wish.  A slot that got no run of its own is a row, too, with state done.
ALTER TABLE job_runs ADD COLUMN verdict TEXT NOT NULL DEFAULT 'pending'
    CHECK (verdict = 'pending' OR verdict = 'ran' OR verdict = 'late' OR verdict = 'coalesced' OR verdict = 'skipped'
        OR verdict = 'missed' OR verdict = 'failed');
ALTER TABLE job_runs ADD COLUMN reason TEXT;         -- of a verdict that is not plain
ALTER TABLE job_runs ADD COLUMN covered_by TEXT;     -- coalesced: the slot of the job whose run does it all
ALTER TABLE job_runs ADD COLUMN is_catch_up INTEGER NOT NULL DEFAULT 0 CHECK (is_catch_up IN (0, 1));
ALTER TABLE job_runs ADD COLUMN alerted_at TEXT;     -- when the owner was told that it is overdue
UPDATE job_runs SET verdict = CASE outcome WHEN 'failure' THEN 'failed' ELSE 'ran' END WHERE state = 'done';
CREATE INDEX idx_job_runs_open_job ON job_runs(job_id, state) WHERE state <> 'done';

CREATE TABLE job_stats (                             -- of runs that were not dry; for the metrics and the status
    job_id           INTEGER PRIMARY KEY,
    user_id          INTEGER NOT NULL,
    last_success_at  TEXT,
    last_failure_at  TEXT,
    last_duration_ms INTEGER,                        -- of the latest closed run, and its rows
    last_rows        INTEGER,
    runs_succeeded   INTEGER NOT NULL DEFAULT 0,     -- partial ones among them
    runs_failed      INTEGER NOT NULL DEFAULT 0,
    rows_written     INTEGER NOT NULL DEFAULT 0,
    throttled        INTEGER NOT NULL DEFAULT 0,
    slots_missed     INTEGER NOT NULL DEFAULT 0,
    slots_skipped    INTEGER NOT NULL DEFAULT 0,
    FOREIGN KEY (user_id, job_id) REFERENCES job_configurations(user_id, id)
) STRICT;

-- ---- the status at a glance ----

CREATE INDEX idx_users_sign_in ON users(ms_auth_state, is_active);
CREATE INDEX idx_quarantined_open ON quarantined_events(id) WHERE state = 'open';

-- ---- tokens are renewed although nobody needs them ----

ALTER TABLE users ADD COLUMN ms_token_renewed_at TEXT; -- when the refresh token was last replaced
CREATE INDEX idx_users_renewal ON users(ms_token_renewed_at)
    WHERE ms_refresh_token IS NOT NULL AND is_active = 1 AND ms_auth_state = 'ok';
