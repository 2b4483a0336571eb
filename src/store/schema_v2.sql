-- `merged` is the memory that ends a conflict where `resolution` is 'merged', in this device's form; NULL where it is
-- deleted on both sides. `choices` is a JSON object, a side for each field that is decided while others are not.
ALTER TABLE conflicts ADD COLUMN merged BLOB;
ALTER TABLE conflicts ADD COLUMN choices TEXT NOT NULL DEFAULT '{}';
-- What this device holds since an answer was carried out here; `ours` where none was.
ALTER TABLE conflicts ADD COLUMN held BLOB;
UPDATE conflicts SET held = ours;
-- 1 where this device has carried out an answer to an earlier form of the conflict, which waits again since.
ALTER TABLE conflicts ADD COLUMN reopened INTEGER NOT NULL DEFAULT 0;

-- When an object was last put, in seconds since 1970; 0 where that is not known.
ALTER TABLE objects ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
-- Which dictionary `data` was compressed with; NULL for none.
ALTER TABLE objects ADD COLUMN dictionary INTEGER;
CREATE TABLE dictionaries (
    id INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);

-- What runs did to a side. `run` is the commit that records it, NULL until then. `before` and `after` are memories,
-- NULL where there was or is none. `row` is all that was there under the name, be it nothing, compressed with zstd where
-- that makes it shorter than `size`; NULL for all but this device's database.
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY,
    run BLOB,
    remote TEXT NOT NULL,
    side TEXT NOT NULL,
    key TEXT NOT NULL,
    before BLOB,
    after BLOB,
    row BLOB,
    size INTEGER
);
CREATE INDEX changes_by_run ON changes (run);
CREATE INDEX changes_by_key ON changes (key);

DROP VIEW conflict_resolution;
CREATE VIEW conflict_resolution AS
SELECT
    key AS id,
    key AS content_hash,
    remote,
    CASE WHEN resolution IS NULL THEN 'detected' ELSE 'resolved' END AS conflict_status,
    CASE resolution WHEN 'local' THEN 'ours' WHEN 'remote' THEN 'theirs' ELSE resolution END AS resolution,
    datetime(since, 'unixepoch') AS detected_at
FROM conflicts;
