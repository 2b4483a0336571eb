"""The service's own first sync from a server: official.py URL KEY DATABASE.

Prints how many seconds `sync_from_peer` took; neither Python's start nor the opening of the database is counted."""

import asyncio
import logging
import sys
import time

from mcp_memory_service.storage.remote_http import RemoteHTTPStorage
from mcp_memory_service.storage.sqlite_vec import SqliteVecMemoryStorage
from mcp_memory_service.storage.sync.orchestrator import sync_from_peer

URL, KEY, DATABASE = sys.argv[1:]


async def main():
    logging.disable(logging.CRITICAL)
    local = SqliteVecMemoryStorage(DATABASE)
    await local.initialize()
    peer = RemoteHTTPStorage(URL, KEY, auth_style="x-api-key")
    await peer.initialize()
    started = time.perf_counter()
    # Pages as large as its client takes, which is the fastest way; the first sync is one baseline anyway.
    await sync_from_peer(local, peer, "bench", limit=1000)
    print(time.perf_counter() - started)
    await peer.close()
    await local.close()


asyncio.run(main())
