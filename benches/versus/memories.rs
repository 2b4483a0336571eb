//! Memories of about 400 bytes, the same on every run: notes as an assistant takes them, with words as often as they
//! occur in life, names, numbers, dates and ids.

use std::fs;
use std::path::Path;

use memsync::embed::{hash_vector, to_bytes};
use memsync::object::{Memory, Metadata, Timestamp};
use rusqlite::{Connection, OpenFlags, params};
use serde_json::{Map, Value, json};

/// How many numbers a vector has.
const DIMENSION: usize = 384;

/// The words, the frequent first.
const WORDS: &str = "the to of and a in is that it for on with be as are this was not by or from at have an which \
    but we you has can all will use when if they one so no there what about should memory service file should user \
    time after into only new any other than then these just more some could them would been their its data error \
    server database test run because make need before used work first first each two like also where same set get \
    call change without how key value default version request response field case query table index row column \
    write read build deploy release branch commit merge review issue bug fix patch config setting option flag path \
    folder project client session token auth login password backup restore sync device laptop network port proxy \
    timeout retry cache memory limit batch queue worker thread process signal event log metric alert dashboard \
    meeting customer invoice budget deadline plan decision reason agreed prefers always never remember note idea \
    question answer follow-up owner team design draft proposal feedback training model embedding vector search \
    result score similarity threshold context window prompt agent tool function argument return type schema \
    migration trigger column constraint transaction lock deadlock checkpoint journal page block disk storage \
    garden kitchen coffee bread recipe train flight hotel ticket passport doctor appointment birthday gift school \
    music guitar bicycle mountain river weather winter summer morning evening weekend holiday neighbour family \
    parser compiler linker runtime allocator borrow lifetime trait generic macro iterator closure async future \
    stream channel mutex atomic pointer slice string buffer byte encode decode hash digest signature certificate \
    latency throughput percentile histogram regression baseline profile flamegraph benchmark snapshot fixture mock \
    coverage flaky pipeline artifact container image registry cluster node volume ingress gateway balancer shard \
    replica leader follower quorum consensus clock drift skew tombstone compaction segment bloom filter skiplist \
    typescript python kotlin postgres redis sqlite nginx kubernetes terraform ansible grafana prometheus kafka \
    quarterly roadmap milestone stakeholder onboarding retrospective estimate velocity backlog triage escalation";

const PEOPLE: [&str; 16] = [
    "Ada", "Björn", "Chidi", "Dolores", "Emre", "Farah", "Grace", "Hiro", "Ines", "Jonas", "Katya", "Liam",
    "Mei", "Nadia", "Omar", "Priya",
];

const TYPES: [&str; 6] = ["note", "decision", "observation", "reference", "bug", "pattern"];

/// A memory with its name.
#[derive(Clone)]
pub struct Made {
    pub key: String,
    pub memory: Memory,
}

impl Made {
    /// The memory of that number.
    pub fn new(number: usize) -> Self {
        let mut random = Random(number as u64 ^ 0x5eed_0000_0000);
        let content = text(&mut random, number);
        let key = sha256(&content.trim().to_lowercase());
        let tags = (0..1 + random.below(4)).map(|_| tag(&mut random)).collect();
        let memory_type = Some(TYPES[random.skewed(TYPES.len())].to_owned());
        #[expect(clippy::cast_precision_loss, reason = "the moments of a few years")]
        let created_at =
            Timestamp::new(1_650_000_000.0 + (number * 700) as f64 + random.below(1_000_000) as f64 / 1e6);
        let metadata = Metadata::Members(metadata(&mut random).into_iter().collect());
        let memory = Memory { content, tags, memory_type, metadata, created_at, ..Memory::default() };
        Self { key, memory }
    }

    /// Some memories.
    pub fn range(numbers: std::ops::Range<usize>) -> impl Iterator<Item = Self> {
        numbers.map(Self::new)
    }

    /// Adds a tag that no memory has yet.
    pub fn edit(&mut self, round: usize) {
        self.memory.tags.insert(format!("edited-{round}"));
    }

    /// Where its text lies in a repository: in one of 256 folders.
    pub fn path(&self) -> String {
        format!("{}/{}", &self.key[..2], &self.key[2..])
    }

    /// Writes it as a file: the same bytes that memsync keeps.
    pub fn write(&self, repository: &Path) {
        fs::write(repository.join(self.path()), self.memory.to_blob()).unwrap();
    }

    /// The tags as the service's column holds them.
    pub fn tags(&self) -> String {
        self.memory.tags.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    }

    /// The metadata as the service's column holds it.
    fn metadata(&self) -> String {
        self.members().to_string()
    }

    fn members(&self) -> Value {
        let members = self.memory.metadata.members().into_iter().flatten();
        Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    fn seconds(&self) -> Option<f64> {
        self.memory.created_at.map(Timestamp::seconds)
    }

    /// The event that creates it on a server.
    pub fn event(&self, number: usize) -> Value {
        json!({
            "schema_version": 1, "agent_id": "bench", "event_id": format!("00000000-0000-4000-8000-{number:012}"),
            "op": "create", "content_hash": self.key, "hlc_physical": 1_750_000_000_000_u64, "hlc_logical": 0,
            "embedding_model": null, "embedding_dim": null,
            "payload": {
                "content_hash": self.key, "content": self.memory.content, "memory_type": self.memory.memory_type,
                "tags": self.memory.tags, "created_at": self.seconds(), "updated_at": self.seconds(),
                "metadata": self.members(), "store": "default",
            },
        })
    }
}

/// What a database holds of each memory besides its row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Indexes {
    /// Vectors and full text, as the service keeps them.
    All,
    /// Neither, nor the triggers: what only reads rows takes as long, and a million memories fit on the disk.
    None,
}

/// Makes a database with the schema of 12.2.0 that holds these memories.
pub fn fill(database: &Path, memories: impl Iterator<Item = Made>, indexes: Indexes) {
    memsync::local::prepare(database).unwrap();
    let mut connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -65536").unwrap();
    let transaction = connection.transaction().unwrap();
    // One rebuild of the index takes a fifth of the time that as many triggers take.
    let triggers = "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'memories'";
    let triggers: Vec<String> = {
        let mut statement = transaction.prepare(triggers).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for name in ["ai", "au", "ad"] {
        transaction.execute_batch(&format!("DROP TRIGGER memories_fts_{name}")).unwrap();
    }
    memories.for_each(|made| insert(&transaction, &made, indexes));
    if indexes == Indexes::All {
        transaction
            .execute_batch("INSERT INTO memory_content_fts (memory_content_fts) VALUES ('rebuild')")
            .unwrap();
        triggers.iter().for_each(|trigger| transaction.execute_batch(trigger).unwrap());
    }
    transaction.commit().unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

fn insert(connection: &Connection, made: &Made, indexes: Indexes) {
    let sql = "INSERT INTO memories (content_hash, content, tags, memory_type, metadata, created_at, updated_at,
                   created_at_iso, updated_at_iso, store)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6,
                   strftime('%Y-%m-%dT%H:%M:%fZ', ?6, 'unixepoch'), strftime('%Y-%m-%dT%H:%M:%fZ', ?6, 'unixepoch'),
                   'default')";
    let memory = &made.memory;
    let values =
        params![made.key, memory.content, made.tags(), memory.memory_type, made.metadata(), made.seconds()];
    connection.prepare_cached(sql).unwrap().execute(values).unwrap();
    if indexes == Indexes::All {
        let id = connection.last_insert_rowid();
        let vector = to_bytes(&hash_vector(&memory.content, DIMENSION));
        let sql =
            "INSERT INTO memory_embeddings (rowid, content_embedding, store) VALUES (?1, ?2, 'default')";
        connection.prepare_cached(sql).unwrap().execute(params![id, vector]).unwrap();
    }
}

/// Changes the tags of a memory in a database, as the service would.
pub fn update(database: &Path, made: &Made) {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let sql = "UPDATE memories SET tags = ?2, updated_at = updated_at + 1 WHERE content_hash = ?1";
    assert_eq!(connection.execute(sql, params![made.key, made.tags()]).unwrap(), 1);
}

fn sha256(text: &str) -> String {
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha256);
    hasher.update(text.as_bytes());
    hasher.try_finalize().expect("SHA-256 has no collisions to detect").to_string()
}

fn text(random: &mut Random, number: usize) -> String {
    let length = 120 + random.below(250) + random.below(250);
    let mut text = format!("{} #{number}:", PEOPLE[random.below(PEOPLE.len())]);
    let mut starts = false;
    while text.len() < length {
        text.push(' ');
        let word = word(random);
        match random.below(100) {
            0 | 1 => text.push_str(PEOPLE[random.below(PEOPLE.len())]),
            2 => text.push_str(&format!("{:08x}", random.next() >> 32)),
            3 | 4 => text.push_str(&random.below(10_000).to_string()),
            5 => text.push_str(&format!("2025-{:02}-{:02}", 1 + random.below(12), 1 + random.below(28))),
            6 => text.push_str(&format!("src/{word}/{}.rs", self::word(random))),
            _ if starts => text.extend([word[..1].to_uppercase().as_str(), &word[1..]]),
            _ => text.push_str(word),
        }
        starts = random.below(11) == 0;
        if starts {
            text.push_str(if random.below(8) == 0 { ".\n-" } else { "." });
        }
    }
    text.push('.');
    text
}

fn word(random: &mut Random) -> &'static str {
    thread_local! {
        static LIST: Vec<&'static str> = WORDS.split_whitespace().collect();
    }
    LIST.with(|words| words[random.skewed(words.len())])
}

fn tag(random: &mut Random) -> String {
    let word = word(random);
    if random.below(3) == 0 { format!("{word}-{}", random.below(20)) } else { word.to_owned() }
}

fn metadata(random: &mut Random) -> Map<String, Value> {
    let mut members = Map::new();
    if random.below(2) == 0 {
        members.insert("project".to_owned(), json!(word(random)));
    }
    if random.below(3) == 0 {
        members.insert("source".to_owned(), json!({"tool": word(random), "line": random.below(2_000)}));
    }
    if random.below(4) == 0 {
        members.insert("session".to_owned(), json!(format!("{:016x}", random.next())));
    }
    members
}

/// Numbers that look random and are the same on every run: splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("it is below a usize")
    }

    /// Small numbers more often than large ones, as words occur in a language.
    fn skewed(&mut self, limit: usize) -> usize {
        let part = self.below(1 << 20);
        limit * part / (1 << 20) * part / (1 << 20)
    }
}
