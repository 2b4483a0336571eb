"""Drives a server with mcp-memory-service's own client code, unmodified, and prints what it gets.

Run by the tests with the service's Python: official_client.py URL KEY FOLDER. Moments and random ids are
printed as words, so that two servers that behave alike print the same.
"""

import asyncio
import json
import logging
import re
import sys
import time

from mcp_memory_service.models.memory import Memory
from mcp_memory_service.storage.base import EmbeddingModelMismatchError
from mcp_memory_service.storage.remote_http import RemoteHTTPStorage
from mcp_memory_service.storage.sqlite_vec import SqliteVecMemoryStorage
from mcp_memory_service.storage.sync.bootstrap import bootstrap_from_peer
from mcp_memory_service.storage.sync.orchestrator import push_to_peer, sync_from_peer
from mcp_memory_service.utils.hashing import generate_content_hash

URL, KEY, FOLDER = sys.argv[1:]
MODEL = "all-MiniLM-L6-v2"
STARTED = time.time()
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")


def normal(value):
    """The value without what no two runs share."""
    if isinstance(value, dict):
        value = {name: normal(member) for name, member in sorted(value.items())}
        if value.get("hlc_physical") == "<now in ms>":
            value["hlc_logical"] = "<count>"
        if str(value.get("event_id", "")).startswith("bl-"):
            value["event_id"] = "<bl>"
        for name in ("embedding_model", "embedding_dim"):
            # The hub's own events are silent on vectors, which never travel.
            if "hlc_physical" in value:
                del value[name]
        return value
    if isinstance(value, (list, tuple)):
        items = [normal(item) for item in value]
        if len(items) == 3 and items[0] == "<now in ms>":
            items[1] = "<count>"
        return items
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if abs(value - STARTED) < 1800:
            return "<now>"
        if abs(value / 1000 - STARTED) < 1800:
            return "<now in ms>"
        return value
    if isinstance(value, str):
        return ISO.sub("<iso>", UUID.sub("<uuid>", value.replace(URL, "<url>")))
    return value


def show(what, value):
    print(f"{what}: {json.dumps(normal(value), ensure_ascii=True, sort_keys=True, default=repr)}")


async def attempt(what, call):
    """Shows what a call answers, or how it fails."""
    try:
        show(what, await call)
    except Exception as error:  # noqa: BLE001 (every failure is a result here)
        show(what, f"{type(error).__name__}: {error}")


def memory(content, tags=(), memory_type=None, metadata=None, created_at=None):
    return Memory(content=content, content_hash=generate_content_hash(content), tags=list(tags),
                  memory_type=memory_type, metadata=metadata or {}, created_at=created_at)


def shown(found):
    return found and {name: getattr(found, name) for name in (
        "content", "content_hash", "tags", "memory_type", "metadata", "created_at", "created_at_iso",
        "updated_at", "updated_at_iso")}


async def initialize(remote):
    try:
        await remote.initialize()
        show("initialize", "ok")
    except EmbeddingModelMismatchError as error:
        show("initialize", [str(error), error.local_model, error.remote_model])


async def every_call(style):
    """Each call that the client offers, with one way to authenticate."""
    print(f"== {style}")
    remote = RemoteHTTPStorage(URL + "/", KEY, auth_style=style)
    await initialize(RemoteHTTPStorage(URL, KEY, auth_style=style, expected_embedding_model=MODEL))
    await initialize(RemoteHTTPStorage(URL, KEY, auth_style=style, expected_embedding_model="another-model"))
    await initialize(RemoteHTTPStorage(URL, "wrong", auth_style=style, expected_embedding_model=MODEL))

    texts = [f"{style} first", f"{style} Größe 🎈", f"{style} third\nwith lines"]
    keys = [generate_content_hash(text) for text in texts]
    await attempt("store", remote.store(memory(texts[0], ["One", "two"], "note", {"n": {"a": [1, None]}})))
    await attempt("store", remote.store(memory(texts[1], [], "decision")))
    await attempt("store", remote.store(memory(texts[2], ["x"], "no-such-type")))
    await attempt("store again", remote.store(memory(texts[0])))
    await attempt("store nothing", remote.store(memory("   ")))
    for key in [*keys, "absent"]:
        show("get", shown(await remote.get_by_hash(key)))
    await attempt("update", remote.update_memory_metadata(keys[0], {"tags": ["three"], "metadata": {"n": None, "m": 2}}))
    await attempt("update", remote.update_memory_metadata(keys[1], {"memory_type": "bug"}, preserve_timestamps=False))
    await attempt("update wrongly", remote.update_memory_metadata(keys[1], {"tags": "no list"}))
    await attempt("update absent", remote.update_memory_metadata("absent", {"tags": ["x"]}))
    show("get", shown(await remote.get_by_hash(keys[0])))
    await attempt("stats", remote.get_stats())
    await attempt("delete", remote.delete(keys[2]))
    await attempt("delete again", remote.delete(keys[2], store="default"))
    await attempt("delete elsewhere", remote.delete(keys[1], store="archive"))
    show("hashes", sorted(await remote.list_content_hashes()))
    show("hashes, deleted too", sorted(await remote.list_content_hashes(include_deleted=True)))
    await attempt("page", remote.list_content_hashes_page(after_id=1, limit=2))
    await attempt("page", remote.list_content_hashes_page(after_id=0, limit=0))
    events, cursor = [], 0
    while True:
        page, cursor, more = await remote.get_events_since(cursor, limit=2)
        events += page
        if not more:
            break
    show("events", [events, cursor])
    await attempt("baseline", remote.get_baseline())
    await attempt("events", remote.get_events_since(0, limit=5000))
    await attempt("push nothing", remote.push_events([]))
    await attempt("push back", remote.push_events([{**event, "seq": None} for event in events]))
    await attempt("push nonsense", remote.push_events([{"agent_id": "a"}]))
    await attempt("push without author", remote.push_events([{"event_id": "e"}]))
    await remote.close()

    stranger = RemoteHTTPStorage(URL, "wrong", auth_style=style)
    show("get as a stranger", shown(await stranger.get_by_hash(keys[0])))
    await attempt("store as a stranger", stranger.store(memory("stranger")))
    await attempt("stats as a stranger", stranger.get_stats())
    await attempt("baseline as a stranger", stranger.get_baseline())
    await stranger.close()


def rows(storage):
    """What a service's database holds, tombstones too, without what each side keeps to itself.

    Whether there is a vector is left out: memories that a service made without a model get none here, and
    are hidden from every search, while those that a hub made are found."""
    sql = """SELECT content_hash, content, tags, memory_type, metadata, created_at, deleted_at IS NOT NULL, store
             FROM memories ORDER BY content_hash"""
    return [[*row[:4], json.loads(row[4] or "null"), *row[5:]] for row in storage.conn.execute(sql)]


async def held(remote):
    """What the server holds, as its baseline tells it."""
    events, _ = await remote.get_baseline()
    payloads = [{**event["payload"], "op": event["op"]} for event in events]
    return sorted(payloads, key=lambda payload: payload["content_hash"])


async def both_ways():
    """A service's own database in step with the server, through the service's own sync."""
    print("== sync")
    remote = RemoteHTTPStorage(URL, KEY, auth_style="x-api-key")
    local = SqliteVecMemoryStorage(f"{FOLDER}/local.db")
    await local.initialize()
    late = SqliteVecMemoryStorage(f"{FOLDER}/late.db")
    await late.initialize()

    async def step(name):
        print(f"-- {name}")
        await attempt("pull", sync_from_peer(local, remote, "hub", limit=3))
        await attempt("push", push_to_peer(local, remote, "hub", limit=3))
        await attempt("pull again", sync_from_peer(local, remote, "hub"))
        show("here", rows(local))
        show("there", await held(remote))

    for number in range(5):
        old = memory(f"local {number}", [f"t{number}", "Odd Tag"], "note", {"n": number}, created_at=1.6e9 + number)
        show("local store", (await local.store(old))[0])
    await local.store(memory("in a store of its own"), store="archive")
    for number in range(4):
        await remote.store(memory(f"remote {number}", ["r"], "decision", {"agent_id": "writer"}))
    await step("first")

    await local.update_memory_metadata(generate_content_hash("local 0"), {"tags": ["edited-here"]})
    await local.update_memory_metadata(generate_content_hash("remote 0"), {"metadata": {"edited": "here"}})
    await remote.update_memory_metadata(generate_content_hash("remote 1"), {"tags": ["edited-there"]})
    await remote.update_memory_metadata(generate_content_hash("local 1"), {"memory_type": "bug"})
    await step("edits")

    await local.delete(generate_content_hash("local 2"))
    await local.delete(generate_content_hash("remote 2"))
    await remote.delete(generate_content_hash("remote 3"))
    await remote.delete(generate_content_hash("local 3"))
    await step("deletions")

    await local.store(memory("local 2", ["again"], "note"))
    await remote.store(memory("remote 3", ["again"]))
    await local.update_memory_metadata(generate_content_hash("remote 1"), {"tags": ["both", "here"]})
    await asyncio.sleep(0.01)  # the later one wins, and clocks count in milliseconds
    await remote.update_memory_metadata(generate_content_hash("remote 1"), {"tags": ["both", "there"]})
    await step("made again, and edited on both sides")

    print("-- a device that comes late")
    await attempt("bootstrap", bootstrap_from_peer(late, remote, "hub"))
    await attempt("pull", sync_from_peer(late, remote, "hub"))
    show("late", rows(late))
    show("found", [result.memory.content_hash for result in await late.retrieve("local 2", n_results=1)])
    for storage in (local, late, remote):
        await storage.close()


async def main():
    logging.disable(logging.CRITICAL)
    for style in ("bearer", "x-api-key"):
        await every_call(style)
    await both_ways()


asyncio.run(main())
