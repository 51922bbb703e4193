#!/usr/bin/python3
"""What the scheduler is compared with: APScheduler 3 with as many cron jobs.

    apscheduler_jobs.py load|run memory|sqlite FILE JOBS DUE

"load" adds the jobs to the store and starts; "run" starts (with sqlite: on the store that "load" has left, as after
a restart), then lets DUE of the jobs come due in one second and notes when each began.  A job only reads the clock.
Prints one flat JSON object.  Defaults, save that no job is dropped for being late (misfire_grace_time is 1 s).
"""
import time

BEGUN = time.perf_counter()

import ctypes
import json
import signal
import sys
from datetime import datetime, timedelta, timezone

from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

PR_SET_PDEATHSIG = 1
began_at = []


def work():
    began_at.append(time.time())


def cron_at(when):
    return CronTrigger(hour=when.hour, minute=when.minute, second=when.second, timezone=timezone.utc)


def job_store(kind, path):
    if kind == "memory":
        return MemoryJobStore()
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore

    return SQLAlchemyJobStore(url="sqlite:///" + path)


def resident_mb():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024, 2)


def started(kind, path):
    scheduler = BackgroundScheduler(
        jobstores={"default": job_store(kind, path)},
        job_defaults={"misfire_grace_time": None},
        timezone=timezone.utc,
    )
    scheduler.start()
    return scheduler


def add_jobs(scheduler, jobs):
    first = datetime.now(timezone.utc).replace(second=0, microsecond=0) + timedelta(hours=6)
    for i in range(jobs):
        scheduler.add_job(work, cron_at(first + timedelta(minutes=i % 720)), id=str(i))


def wait_for(slot, due):
    limit = slot.timestamp() + 600
    while len(began_at) < due and time.time() < limit:
        time.sleep(0.1)
    return sorted((at - slot.timestamp()) * 1000 for at in began_at)


def percentile(values, percent):
    return round(values[max(0, -(-len(values) * percent // 100) - 1)], 2)


def run_due(scheduler, kind, due):
    lead_s = 20 if kind == "memory" else 20 + due * 0.06  # each change is a commit
    slot = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=int(lead_s))
    for i in range(due):
        scheduler.reschedule_job(str(i), trigger=cron_at(slot))
    if datetime.now(timezone.utc) > slot:
        sys.exit("the slot passed before the jobs were there")
    lags = wait_for(slot, due)
    return {
        "ran": len(lags),
        "p50_ms": percentile(lags, 50),
        "p99_ms": percentile(lags, 99),
        "max_ms": round(lags[-1], 2),
    }


def main():
    phase, kind, path, jobs, due = sys.argv[1:4] + [int(text) for text in sys.argv[4:6]]
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    figures = {}
    scheduler = started(kind, path)
    if phase == "load" or kind == "memory":
        add_jobs(scheduler, jobs)
    figures["start_ms"] = round((time.perf_counter() - BEGUN) * 1000, 1)
    if phase == "run":
        time.sleep(1)
        figures["rss_mb"] = resident_mb()
        figures.update(run_due(scheduler, kind, due))
    scheduler.shutdown()
    print(json.dumps(figures, separators=(",", ":")))


main()
