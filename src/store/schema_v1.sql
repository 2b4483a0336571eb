-- Git objects. `data` is compressed with zstd where it is shorter than `size`, else it is the object itself.
CREATE TABLE objects (
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    size INTEGER NOT NULL,
    data BLOB NOT NULL
);

CREATE TABLE refs (
    name TEXT NOT NULL PRIMARY KEY,
    target BLOB NOT NULL
) WITHOUT ROWID;

-- Every move of a ref, also of refs that are gone.
CREATE TABLE reflog (
    sequence INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    old BLOB,
    new BLOB,
    at INTEGER NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX reflog_by_name ON reflog (name);

-- What each side held at its last snapshot.
CREATE TABLE side_index (
    side TEXT NOT NULL,
    key TEXT NOT NULL,
    blob BLOB NOT NULL,
    updated_at REAL,
    PRIMARY KEY (side, key)
) WITHOUT ROWID;

-- Both bases are there or neither is. `fields` is a JSON array.
CREATE TABLE conflicts (
    key TEXT NOT NULL,
    remote TEXT NOT NULL,
    base_local BLOB,
    base_remote BLOB,
    ours BLOB,
    theirs BLOB,
    fields TEXT NOT NULL,
    since INTEGER NOT NULL,
    resolution TEXT,
    PRIMARY KEY (key, remote)
) WITHOUT ROWID;

CREATE TABLE failures (
    key TEXT NOT NULL,
    remote TEXT NOT NULL,
    side TEXT NOT NULL,
    reason TEXT NOT NULL,
    refused BLOB,
    similar_to TEXT,
    attempts INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (key, remote, side)
) WITHOUT ROWID;

-- Edits that were begun and whose outcome is not recorded yet.
CREATE TABLE journal (
    remote TEXT NOT NULL,
    side TEXT NOT NULL,
    key TEXT NOT NULL,
    expected BLOB,
    target BLOB,
    PRIMARY KEY (remote, side, key)
) WITHOUT ROWID;

CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    at INTEGER NOT NULL
) WITHOUT ROWID;

-- Local changes that have not reached the server, their memories in plain text for the view below.
CREATE TABLE staged (
    key TEXT NOT NULL PRIMARY KEY,
    blob BLOB NOT NULL,
    operation TEXT NOT NULL,
    staged_at INTEGER NOT NULL,
    source_machine TEXT NOT NULL,
    content TEXT NOT NULL,
    tags TEXT NOT NULL,
    metadata TEXT NOT NULL,
    memory_type TEXT NOT NULL,
    original_created_at REAL
) WITHOUT ROWID;
