//! A device, a server and their base, in memory: plans are carried out as the real sides would.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use memsync::object::tree::Snapshot;
use memsync::object::{BlobId, ContentHash, Memory, Metadata, SideName, Timestamp};
use memsync::reconcile::{
    self, After, Base, Choices, Direction, Options, Pair, Plan, Resolved, Scope, Step, Strategy, Versions,
    advance, compare, is_rewriting, plan,
};

/// A memory from its canonical headers, separated by `; `, and `content TEXT` where the text matters.
pub(crate) fn memory(headers: &str) -> Memory {
    let (content, headers): (Vec<&str>, Vec<&str>) =
        headers.split("; ").filter(|header| !header.is_empty()).partition(|one| one.starts_with("content "));
    let content = content.first().map_or("", |header| &header["content ".len()..]);
    let text: String = headers.iter().flat_map(|header| [*header, "\n"]).collect();
    Memory::parse(format!("{text}\n{content}").as_bytes()).expect("the headers are canonical")
}

/// The reverse of [`memory`].
pub(crate) fn headers(memory: &Memory) -> String {
    let text = String::from_utf8(Memory { content: String::new(), ..memory.clone() }.to_blob())
        .expect("a blob is UTF-8");
    let content = (!memory.content.is_empty()).then(|| format!("content {}", memory.content));
    let lines = text.lines().filter(|line| !line.is_empty()).map(str::to_owned);
    content.into_iter().chain(lines).collect::<Vec<_>>().join("; ")
}

pub(crate) fn key(text: &str) -> ContentHash {
    ContentHash::new(text).expect("a short text is a name")
}

/// What one side holds.
pub(crate) type Memories = BTreeMap<ContentHash, Memory>;

pub(crate) fn snapshot(memories: &Memories) -> Snapshot {
    memories.iter().map(|(key, memory)| (key.clone(), memory.id())).collect()
}

/// What a server makes of what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// Nothing: a database file.
    Faithful,
    /// What mcp-memory-service does over REST: lower-case tags, `untagged`, unknown types as `observation`,
    /// `metadata.type` dropped, its own `created`, no stores, no successors.
    Service,
}

impl Server {
    const STAMP: f64 = 1000.0;

    /// What the server shows after it was asked to replace `before` by `sent`.
    pub(crate) fn receive(self, before: Option<&Memory>, sent: &Memory) -> Memory {
        match (self, before) {
            (Self::Faithful, _) => sent.clone(),
            // A changed content is a deletion and a creation.
            (Self::Service, Some(before)) if before.content == sent.content => Self::put(before, sent),
            (Self::Service, _) => Self::post(sent),
        }
    }

    fn post(sent: &Memory) -> Memory {
        let mut metadata = sent.metadata.clone();
        if let Metadata::Members(members) = &mut metadata {
            members.remove("type");
        }
        let tags = sent.tags.iter().map(|tag| tag.to_lowercase()).collect();
        Self::read_back(Memory {
            tags,
            metadata,
            created_at: Timestamp::new(Self::STAMP),
            store: None,
            superseded_by: None,
            ..sent.clone()
        })
    }

    fn put(before: &Memory, sent: &Memory) -> Memory {
        Self::read_back(Memory {
            created_at: before.created_at,
            store: before.store.clone(),
            superseded_by: before.superseded_by.clone(),
            ..sent.clone()
        })
    }

    fn read_back(mut held: Memory) -> Memory {
        if held.tags.is_empty() {
            held.tags.insert("untagged".to_owned());
        }
        let known = |name: &str| matches!(name, "note" | "decision" | "observation");
        held.memory_type =
            held.memory_type.map(|name| if known(&name) { name } else { "observation".to_owned() });
        held
    }
}

/// What a command was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub direction: Direction,
    pub strategy: Strategy,
    pub auto_merge: bool,
    pub scope: Scope,
    pub newer: SideName,
    pub resolutions: BTreeMap<ContentHash, Resolved>,
    pub choices: BTreeMap<ContentHash, (Versions, Choices)>,
    pub carried_out: BTreeMap<ContentHash, Option<Pair>>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            direction: Direction::Both,
            strategy: Strategy::Wait,
            auto_merge: true,
            scope: Scope::default(),
            newer: SideName::Remote,
            resolutions: BTreeMap::new(),
            choices: BTreeMap::new(),
            carried_out: BTreeMap::new(),
        }
    }
}

impl Asked {
    pub(crate) fn with(strategy: Strategy) -> Self {
        Self { strategy, ..Self::default() }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub local: Memories,
    pub remote: Memories,
    pub base: Base,
    pub server: Server,
    /// The staging database's objects: every version that was ever seen.
    pub objects: BTreeMap<BlobId, Memory>,
}

impl World {
    pub(crate) fn new(server: Server) -> Self {
        Self {
            local: Memories::new(),
            remote: Memories::new(),
            base: Base::new(),
            server,
            objects: BTreeMap::new(),
        }
    }

    pub(crate) fn held(&self, side: SideName) -> &Memories {
        match side {
            SideName::Local => &self.local,
            SideName::Remote => &self.remote,
        }
    }

    pub(crate) fn held_mut(&mut self, side: SideName) -> &mut Memories {
        match side {
            SideName::Local => &mut self.local,
            SideName::Remote => &mut self.remote,
        }
    }

    /// Gathers, compares and plans.
    pub(crate) fn plan(&mut self, asked: &Asked) -> Plan {
        for memory in self.local.values().chain(self.remote.values()) {
            self.objects.entry(memory.id()).or_insert_with(|| memory.clone());
        }
        let (local, remote) = (snapshot(&self.local), snapshot(&self.remote));
        let compared = compare(&self.base, &local, &remote);
        let options = Options {
            direction: asked.direction,
            strategy: asked.strategy,
            auto_merge: asked.auto_merge,
            scope: &asked.scope,
            resolutions: &asked.resolutions,
            choices: &asked.choices,
            carried_out: &asked.carried_out,
            newer: &|_| asked.newer,
        };
        let Ok(plan) = plan(compared, &options, &mut |blob| Ok::<_, Infallible>(self.objects[&blob].clone()));
        self.objects.extend(plan.objects.iter().map(|(id, memory)| (*id, memory.clone())));
        plan
    }

    /// Every step of `plan`, deletions last.
    pub(crate) fn steps(plan: &Plan) -> Vec<(SideName, ContentHash, Step)> {
        let of = |side| plan.steps(side).map(move |(key, step)| (side, key.clone(), step));
        let mut steps: Vec<_> = of(SideName::Local).chain(of(SideName::Remote)).collect();
        steps.sort_by_key(|(_, _, step)| step.is_deletion());
        steps
    }

    /// Carries out one step as a side does, and returns what was read back.
    pub(crate) fn take(&mut self, side: SideName, key: &ContentHash, step: Step) -> Option<BlobId> {
        let server = if side == SideName::Remote { self.server } else { Server::Faithful };
        let target = step.target.map(|blob| self.objects[&blob].clone());
        let held = self.held_mut(side);
        let before = held.remove(key);
        assert_eq!(before.as_ref().map(Memory::id), step.expected, "a step expects what is there");
        let now = server.receive(before.as_ref(), &target?);
        let sent = &self.objects[&step.target?];
        assert!(
            is_rewriting(before.as_ref(), sent, &now),
            "the server's answer is taken for somebody else's edit: sent {}, read back {}",
            headers(sent),
            headers(&now)
        );
        let id = now.id();
        self.objects.insert(id, now.clone());
        self.held_mut(side).insert(key.clone(), now);
        Some(id)
    }

    /// Carries out the first `count` steps of `plan`.
    pub(crate) fn take_steps(&mut self, plan: &Plan, count: usize) -> After {
        let mut after = After::default();
        for (side, key, step) in Self::steps(plan).into_iter().take(count) {
            let now = self.take(side, &key, step);
            after.confirm(side, key, step, now);
        }
        after
    }

    /// A whole run: plan, effects, base.
    pub(crate) fn sync(&mut self, asked: &Asked) -> Plan {
        let plan = self.plan(asked);
        let after = self.take_steps(&plan, usize::MAX);
        self.advance(&plan, &after);
        plan
    }

    /// Moves the base.
    pub(crate) fn advance(&mut self, plan: &Plan, after: &After) {
        let Ok(next) =
            advance(&self.base, plan, after, &mut |blob| Ok::<_, Infallible>(self.objects[&blob].clone()));
        assert!(
            next.pairs().is_sorted_by(|(one, _), (other, _)| one < other),
            "the pairs are sorted, each once"
        );
        let base = next.pairs().map(|(key, pair)| (key.clone(), pair)).collect();
        self.objects.extend(next.objects);
        self.base = base;
    }

    /// Both sides' memories, as text that a failed assertion can show.
    pub(crate) fn ends(&self) -> [BTreeMap<String, String>; 2] {
        [&self.local, &self.remote]
            .map(|held| held.iter().map(|(key, memory)| (key.as_str().to_owned(), headers(memory))).collect())
    }
}

/// Whether both sides hold the same, leaving aside what the service is known to rewrite or cannot hold.
pub(crate) fn agree(local: &Memory, remote: &Memory) -> bool {
    let tags = |memory: &Memory| -> BTreeSet<String> {
        memory.tags.iter().filter(|tag| *tag != "untagged").map(|tag| tag.to_lowercase()).collect()
    };
    let members = |memory: &Memory| match memory.metadata.clone() {
        Metadata::Members(mut members) => {
            members.retain(|key, _| key != "type");
            Metadata::Members(members)
        }
        opaque @ Metadata::Opaque(_) => opaque,
    };
    local.content == remote.content
        && tags(local) == tags(remote)
        && reconcile::same_type(local.memory_type.as_deref(), remote.memory_type.as_deref())
        && members(local) == members(remote)
}
