"""Work after commit that is not an event: the survey mail after check-out.

It never holds up the check-out. A failure is logged, tried again a few times, and then stays as a visible record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from reference_server import tasks
from reference_server.clock import Clock
from reference_server.store import Store, Transaction
from simulator.world import Booking, Job, Put

_log = structlog.get_logger("staycheck.jobs")

MOST_ATTEMPTS = 5
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 30.0


class MailFailed(Exception):
    """The mail was not taken. The message says why."""


class Mailer(Protocol):
    async def send_survey(self, address: str | None, booking_id: str) -> None:
        """Hand the survey mail over. Raises: `MailFailed`."""


class LogMailer:
    """Writes mails to the log. Addresses under the reserved domain `.invalid` fail, as they would anywhere."""

    async def send_survey(self, address: str | None, booking_id: str) -> None:
        if address is None or address.endswith(".invalid"):
            raise MailFailed("the address of the booker cannot be reached")
        _log.info("survey_mailed", booking_id=booking_id)


class JobRunner:
    """One task that works through the open jobs whenever it is woken."""

    def __init__(self, store: Store, mailer: Mailer, clock: Clock) -> None:
        self._store = store
        self._mailer = mailer
        self._clock = clock
        self._wake = asyncio.Event()
        self._not_before: dict[int, float] = {}  # job id -> loop time of its next attempt
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._wake.set()
        self._task = tasks.start(self._run(), "jobs")

    def wake(self) -> None:
        """There may be a new job."""
        self._wake.set()

    def begin_anew(self) -> None:
        """The jobs are others now, or the same ones in an earlier state."""
        self._not_before.clear()
        self._wake.set()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            now = asyncio.get_running_loop().time()
            jobs = await self._open_jobs()
            # A job that is gone, torn down with its booking, waits for nothing any more.
            self._not_before = {
                job.id: self._not_before[job.id] for job in jobs if job.id in self._not_before
            }
            for job in jobs:
                if self._not_before.get(job.id, 0.0) <= now:
                    await self._carry_out(job)
            if self._not_before:
                asyncio.get_running_loop().call_at(min(self._not_before.values()), self._wake.set)

    async def _open_jobs(self) -> Sequence[Job]:
        return await self._store.read(lambda tx: tx.all(Job, "open_jobs", most_attempts=MOST_ATTEMPTS))

    async def _carry_out(self, job: Job) -> None:
        """Do one job and write down how it went; a failed one is due again after a wait that doubles."""
        booking = await self._store.read(
            lambda tx: tx.one(Booking, "booking_by_id", booking_id=job.booking_id)
        )
        try:
            await self._mailer.send_survey(booking.booker_email if booking else None, job.booking_id)
            done = replace(job, attempts=job.attempts + 1, done_at=self._clock.now(), last_error=None)
        except MailFailed as error:
            _log.warning("job_failed", kind=job.kind, booking_id=job.booking_id, reason=str(error))
            done = replace(job, attempts=job.attempts + 1, last_error=str(error))

        def work(tx: Transaction) -> None:
            # The run that arranged the booking may have been torn down meanwhile, or be about to.
            tx.lock_bookings([job.booking_id])
            # Or the hotel has begun anew, and another job has this number.
            if tx.one(Job, "job_by_id", id=job.id) == job:
                tx.write([Put(done)])

        await self._store.transact(work)
        if done.done_at is None and done.attempts < MOST_ATTEMPTS:
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2**done.attempts)
            self._not_before[job.id] = asyncio.get_running_loop().time() + wait
        else:
            self._not_before.pop(job.id, None)
