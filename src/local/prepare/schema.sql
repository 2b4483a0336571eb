-- What mcp-memory-service 12.2.0 creates where there is no database: the statements of its sqlite_schema, byte
-- for byte and in its order, and the rows that it writes into its own tables. The tables behind its virtual
-- tables are left out, because creating those makes them. Read off a database that it wrote itself, with a
-- model of 384 dimensions; the checksums are the SHA-256 of its migration files.
CREATE TABLE metadata (
                key TEXT PRIMARY KEY,
                value TEXT NOT NULL
            );
CREATE TABLE memories (
                        id INTEGER PRIMARY KEY AUTOINCREMENT,
                        content_hash TEXT UNIQUE NOT NULL,
                        content TEXT NOT NULL,
                        tags TEXT,
                        memory_type TEXT,
                        metadata TEXT,
                        created_at REAL,
                        updated_at REAL,
                        created_at_iso TEXT,
                        updated_at_iso TEXT,
                        deleted_at REAL DEFAULT NULL
                    , store TEXT DEFAULT 'default', parent_id TEXT, version INTEGER DEFAULT 1, confidence REAL DEFAULT 1.0, last_accessed INTEGER, superseded_by TEXT, embedding_pending INTEGER NOT NULL DEFAULT 0);
CREATE VIRTUAL TABLE memory_embeddings USING vec0(
                        content_embedding FLOAT[384] distance_metric=cosine,
                        store TEXT partition key
                    );
CREATE INDEX idx_content_hash ON memories(content_hash);
CREATE INDEX idx_created_at ON memories(created_at);
CREATE INDEX idx_memory_type ON memories(memory_type);
CREATE INDEX idx_deleted_at ON memories(deleted_at);
CREATE VIRTUAL TABLE memory_content_fts USING fts5(
                    content,
                    content='memories',
                    content_rowid='id',
                    tokenize='trigram'
                );
CREATE TRIGGER memories_fts_ai AFTER INSERT ON memories
                BEGIN
                    INSERT INTO memory_content_fts(rowid, content)
                    VALUES (new.id, new.content);
                END;
CREATE TRIGGER memories_fts_au AFTER UPDATE ON memories
                BEGIN
                    DELETE FROM memory_content_fts WHERE rowid = old.id;
                    INSERT INTO memory_content_fts(rowid, content)
                    VALUES (new.id, new.content);
                END;
CREATE TRIGGER memories_fts_ad AFTER DELETE ON memories
                BEGIN
                    DELETE FROM memory_content_fts WHERE rowid = old.id;
                END;
CREATE TABLE migration_registry (
                version INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                filename TEXT NOT NULL,
                applied_at TEXT NOT NULL,
                checksum TEXT
            );
CREATE TABLE memory_graph (
    source_hash TEXT NOT NULL,
    target_hash TEXT NOT NULL,
    similarity REAL NOT NULL,
    connection_types TEXT NOT NULL,  -- JSON array: ["semantic", "temporal", "causal", "thematic"]
    metadata TEXT,                   -- JSON object: {discovery_date, confidence, context}
    created_at REAL NOT NULL, relationship_type TEXT DEFAULT 'related',
    PRIMARY KEY (source_hash, target_hash)
);
CREATE INDEX idx_graph_source ON memory_graph(source_hash);
CREATE INDEX idx_graph_target ON memory_graph(target_hash);
CREATE INDEX idx_graph_relationship ON memory_graph(relationship_type);
CREATE TABLE beliefs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    belief_hash TEXT UNIQUE NOT NULL,
    content TEXT NOT NULL,
    confidence REAL NOT NULL DEFAULT 0.5,
    status TEXT NOT NULL DEFAULT 'candidate',  -- candidate, active, disputed, superseded
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    derived_from TEXT NOT NULL DEFAULT '[]',  -- JSON array of observation content_hashes (provenance)
    contradicted_by TEXT NOT NULL DEFAULT '[]',  -- JSON array of observation content_hashes
    metadata TEXT DEFAULT '{}'
);
CREATE INDEX idx_beliefs_status ON beliefs(status);
CREATE INDEX idx_beliefs_confidence ON beliefs(confidence);
CREATE TABLE sync_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    schema_version INTEGER NOT NULL DEFAULT 1,
    agent_id TEXT,
    event_id TEXT NOT NULL,
    op TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at REAL NOT NULL,
    created_at_iso TEXT, hlc_physical INTEGER, hlc_logical INTEGER, embedding_model TEXT, embedding_dim INTEGER,
    UNIQUE(agent_id, event_id)
);
CREATE INDEX idx_sync_events_hash ON sync_events(content_hash);
CREATE INDEX idx_sync_events_seq ON sync_events(seq);
CREATE INDEX idx_sync_events_op ON sync_events(op, content_hash);
CREATE INDEX idx_sync_events_hlc ON sync_events(hlc_physical, hlc_logical, agent_id, event_id);
CREATE INDEX idx_memories_embedding_pending ON memories(embedding_pending);
CREATE TABLE sync_cursor (
    peer_id TEXT PRIMARY KEY,
    last_seq_seen INTEGER NOT NULL DEFAULT 0,
    last_hlc_physical INTEGER,
    last_hlc_logical INTEGER,
    updated_at REAL NOT NULL
);
CREATE INDEX idx_sync_cursor_updated ON sync_cursor(updated_at);
CREATE TABLE push_cursor (
    peer_id TEXT PRIMARY KEY,
    last_seq_pushed INTEGER NOT NULL DEFAULT 0,
    updated_at REAL NOT NULL
);
CREATE INDEX idx_push_cursor_updated ON push_cursor(updated_at);
INSERT INTO metadata (key, value) VALUES
    ('distance_metric', 'cosine'),
    ('fts5_enabled', 'true'),
    ('schema_version', '19'),
    ('sync_hlc_physical', '0'),
    ('sync_hlc_logical', '0');
INSERT INTO migration_registry (version, name, filename, applied_at, checksum)
SELECT column1, column2, printf('%03d_%s.sql', column1, column2), strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), column3
FROM (VALUES
    (8, 'add_graph_table', '2f9a9790446132e799e98216c8b63817370806f5f8cae6c07a1a2f72df2db526'),
    (9, 'add_relationship_type', '1ac4592fe01144b1274de6a255661c40c4d1e80034a8521bc6e65bfdfaaf640a'),
    (10, 'fix_asymmetric_relationships', 'cfd32afb02e75faee4054eea5deb807c812bd9df95f09958f6a8e1e88da98a4f'),
    (11, 'memory_evolution_p1', '0701f310c540c4d00df1cb1889315b729ea1c8e0a77db8561ceff96d848f5a43'),
    (12, 'add_belief_store', '7c8ba14e31023c3d8c94b74436c9160c76744066a0d4ffb3a5d7b3253d9df318'),
    (15, 'add_sync_events', 'e178451d72dde5cf414cebbfba5a8fa77c9a5a1781d6e2ebc371273605f315cb'),
    (16, 'add_hlc_to_sync_events', '50c08256872940e289fab24a56e9fa93c8f15261fdedc31ff6fefb3a666a1dd8'),
    (17, 'add_embedding_consistency', 'ede2fa157a74ea4b232bac5b7cd09ea8dafaf6a0f1c5fc0e8fd781649cfb4e66'),
    (18, 'add_sync_cursor', '694dd8917ec1c7979cfe0c494a6f12070f3abcd8683745a5fe65aa275c23aac4'),
    (19, 'add_push_cursor', 'df1886eb50d9de69784c8a0dc15fca81151689c1e1f22c656a7e8c417b459d76')
);
