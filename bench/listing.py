"""The list of schedules without `limit` through the real web server: seconds to the first and last byte, memory."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import psutil
from django.db import connection

from bench import measuring, population
from bench.processes import MEBIBYTE, web
from bench.reporting import Report
from bench.servers import Servers
from schedules import api_keys
from schedules.database.clock import database_now
from schedules.models import Agent, Schedule, Scope

SAMPLES_A_SECOND = 50
_LENGTHEN = """
UPDATE schedules_schedule SET payload = jsonb_build_object('input', repeat('x', %s)), payload_bytes = %s
"""


def run(servers: Servers, rounds: int, *, is_quick: bool) -> Report:
    """Many small schedules by one reader, and few of the longest payloads by four at once."""
    columns = ("schedules", "payload, bytes", "readers", "MiB", "first byte, s", "all, s", "more RSS, MiB")
    report = Report("listing", columns, measuring.machine())
    agent = population.make_agent()
    token = api_keys.issue(agent.workspace, scope=Scope.READ).token
    for count, length, readers in ((2_000 if is_quick else 200_000, 32, 1), (400, 248_000, 4)):
        population.clear()
        population.make_schedules(agent, count, database_now())
        with connection.cursor() as cursor:
            cursor.execute(_LENGTHEN, [length, length + 12])
        population.settle()
        with web(servers.folder) as url:
            for _ in range(rounds):
                report.row(count, length, readers, *_measured(url, agent, token, readers))
    report.note("Memory of all processes of the web server together, above what they had before the request.")
    return report


def _measured(url: str, agent: Agent, token: str, readers: int) -> tuple[float, float, float, float]:
    """MiB of a document, seconds to the first byte (the slowest) and to the last, MiB of memory at most."""
    path = f"{url}/v3/agents/{agent.key}/schedules"
    headers = {"Authorization": f"Bearer {token}"}
    httpx2.get(f"{path}?limit=1", headers=headers, trust_env=False).raise_for_status()
    before, most, began = _memory(url), 0.0, time.perf_counter()
    with ThreadPoolExecutor(readers) as pool:
        reading = [pool.submit(_read, path, headers, began) for _ in range(readers)]
        while not all(each.done() for each in reading):
            most = max(most, _memory(url))
            time.sleep(1 / SAMPLES_A_SECOND)
    results = [each.result() for each in reading]
    sizes, firsts, lasts = zip(*results, strict=True)
    return sizes[0] / MEBIBYTE, max(firsts), max(lasts), most - before


def _read(path: str, headers: dict[str, str], began: float) -> tuple[int, float, float]:
    size, count, first = 0, 0, 0.0
    with httpx2.stream("GET", path, headers=headers, timeout=120, trust_env=False) as answer:
        for part in answer.iter_raw():
            first = first or time.perf_counter() - began
            size, count = size + len(part), count + part.count(b'"_id"')
    assert count >= Schedule.objects.count() * 0.99, count  # a name may lie across two parts
    connection.close()
    return size, first, time.perf_counter() - began


def _memory(url: str) -> float:
    port = int(url.rsplit(":", 1)[1])
    masters = [
        each.pid
        for each in psutil.net_connections("tcp")
        if each.laddr and each.laddr.port == port and each.status == "LISTEN"
    ]
    return sum(psutil.Process(pid).memory_info().rss for pid in set(masters) if pid) / MEBIBYTE
