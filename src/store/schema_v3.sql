-- Vectors that were made for texts, so that none is made twice; each can be made again.
CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- `text` is the SHA-256 of the text, `vector` little-endian f32, `checksum` the first eight bytes, big-endian, of the
-- SHA-256 of the model's name, the byte 0, `text` and `vector`. `used` is in seconds since 1970, a day too early at most.
-- A table with row ids: rows of this size would each take an overflow page in one without.
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY,
    model INTEGER NOT NULL,
    text BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    used INTEGER NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (model, text)
);
