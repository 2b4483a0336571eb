
-- What the sync scripts of mcp-memory-service read, with their columns and values.
CREATE VIEW staged_memories AS
SELECT
    key AS id,
    content,
    key AS content_hash,
    tags,
    metadata,
    memory_type,
    operation,
    datetime(staged_at, 'unixepoch') AS staged_at,
    original_created_at,
    source_machine,
    CASE
        WHEN EXISTS (SELECT 1 FROM conflicts WHERE conflicts.key = staged.key AND resolution IS NULL) THEN 'detected'
        WHEN EXISTS (SELECT 1 FROM failures WHERE failures.key = staged.key AND side = 'remote') THEN 'push_failed'
        WHEN EXISTS (SELECT 1 FROM conflicts WHERE conflicts.key = staged.key) THEN 'resolved'
        ELSE 'none'
    END AS conflict_status
FROM staged;

-- The scripts made the first two rows at the start, empty, and the third with the first push.
CREATE VIEW sync_status AS
SELECT names.key, coalesce(datetime(at, 'unixepoch'), '') AS value, datetime(at, 'unixepoch') AS updated_at
FROM (SELECT 'last_remote_sync' AS key UNION ALL SELECT 'last_local_sync') AS names
LEFT JOIN facts ON facts.name = names.key
UNION ALL
SELECT name, datetime(at, 'unixepoch'), datetime(at, 'unixepoch') FROM facts WHERE name = 'last_push_attempt'
UNION ALL
SELECT 'staging_version', '1.0', NULL
UNION ALL
SELECT 'total_staged_changes', CAST(count(*) AS TEXT), datetime(max(staged_at), 'unixepoch') FROM staged;

-- The scripts' guide names this table; no version of them ever made it.
CREATE VIEW conflict_resolution AS
SELECT
    key AS id,
    key AS content_hash,
    remote,
    CASE WHEN resolution IS NULL THEN 'detected' ELSE 'resolved' END AS conflict_status,
    CASE resolution WHEN 'local' THEN 'ours' WHEN 'remote' THEN 'theirs' END AS resolution,
    datetime(since, 'unixepoch') AS detected_at
FROM conflicts;
