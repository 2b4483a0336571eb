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
