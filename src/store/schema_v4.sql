-- What this device's database was like when it was last read, so that the next reading looks only at what differs. There is
-- at most one row; whatever is here can be found out again. `snapshot` is the commit of what it held, `form`, `state`, `key`
-- and `lacking` are those of the marks.
CREATE TABLE readings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    snapshot BLOB NOT NULL,
    form TEXT NOT NULL,
    state TEXT,
    key BLOB NOT NULL,
    rows INTEGER NOT NULL,
    lacking INTEGER NOT NULL
);
CREATE TABLE marks (
    part INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);

-- Of very many staged changes only the first are listed; the fact `staged_changes` says how many there are then.
DROP VIEW sync_status;
CREATE VIEW sync_status AS
SELECT names.key, coalesce(datetime(at, 'unixepoch'), '') AS value, datetime(at, 'unixepoch') AS updated_at
FROM (SELECT 'last_remote_sync' AS key UNION ALL SELECT 'last_local_sync') AS names
LEFT JOIN facts ON facts.name = names.key
UNION ALL
SELECT name, datetime(at, 'unixepoch'), datetime(at, 'unixepoch') FROM facts WHERE name = 'last_push_attempt'
UNION ALL
SELECT 'staging_version', '1.0', NULL
UNION ALL
SELECT
    'total_staged_changes',
    coalesce((SELECT value FROM facts WHERE name = 'staged_changes'), CAST(count(*) AS TEXT)),
    datetime(max(staged_at), 'unixepoch')
FROM staged;
