"""The outbox's second half: from committed rows to accepted messages.

Guarantees, and what they rest on:
- Nothing is published before commit: rows arrive here from the store's commit listener, or from the table at start.
- Nothing committed is lost: a row stays pending in the table until every publisher has accepted it; a killed server
  finds it again when it starts. At least once, always with the same `event_id`.
- Order: one lane a channel, one message at a time, in the order the store hands rows over: per booking and room that is
  the order of the commits (docs/decisions/0004). At start it is the order of the row ids, which are taken under
  the same locks. A message that cannot go out holds its channel, and only its channel.
- A hotel that is left behind (`abandon`) is silent: none of its events is sent once that has returned.
- A message that no retry can help (too large for the protocol, refused for good) is marked dead, logged as an error and
  shown by the `failures` probe; its lane goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from reference_server import tasks
from reference_server.clock import Clock
from reference_server.realtime.publishers import Message, Publisher, PublishFailed
from reference_server.store import OutboxRow, Store, Transaction
from reference_server.store.codec import instant_text

_log = structlog.get_logger("staycheck.dispatcher")

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 5.0
_PAGE = 500


def _retryable(error: BaseException) -> bool:
    return isinstance(error, PublishFailed) and error.retryable


class Dispatcher:
    """Owns one task per channel that has something to send, and one that marks rows done in batches."""

    def __init__(self, store: Store, publishers: Sequence[Publisher], clock: Clock) -> None:
        self._store = store
        self._publishers = tuple(publishers)
        self._clock = clock
        self._lanes: dict[str, deque[OutboxRow]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._accepted: list[int] = []
        self._marker: asyncio.Task[None] | None = None
        self._abandoned = 0

    async def start(self) -> None:
        """Take up what an earlier process committed and did not publish, then listen for commits."""
        self.accept(await self._store.transact(_pending))
        self._store.on_commit(self.accept)

    def accept(self, rows: Sequence[OutboxRow]) -> None:
        """Queue committed rows, in the order they come."""
        for row in rows:
            if row.id <= self._abandoned:
                continue
            self._lanes.setdefault(row.channel, deque()).append(row)
            if row.channel not in self._tasks:
                self._tasks[row.channel] = tasks.start(self._drain(row.channel), f"lane {row.channel}")

    @property
    def idle(self) -> bool:
        """Whether everything accepted so far has been published and marked."""
        return not self._tasks and self._marker is None

    async def flush(self, grace: float) -> None:
        """Give the lanes `grace` seconds to run dry; what is left stays in the table for the next start."""
        try:
            async with asyncio.timeout(grace):
                while not self.idle:
                    await asyncio.wait([*self._tasks.values(), *([self._marker] if self._marker else [])])
        except TimeoutError:
            _log.warning("events_left_pending", channels=sorted(self._tasks))

    async def abandon(self, last_id: int) -> None:
        """Forget the events up to this id, those that are on their way too; their rows are gone. Later ones go on."""
        self._abandoned = max(self._abandoned, last_id)
        stopped = {
            channel: task for channel, task in self._tasks.items() if self._lanes[channel][0].id <= last_id
        }
        for lane in self._lanes.values():
            left = [row for row in lane if row.id > last_id]
            lane.clear()
            lane.extend(left)
        for task in stopped.values():
            task.cancel()
        await asyncio.gather(*stopped.values(), return_exceptions=True)
        self._accepted = [row_id for row_id in self._accepted if row_id > last_id]
        for channel, task in stopped.items():
            if self._tasks.get(channel) is task:  # it was cancelled before it had begun
                del self._tasks[channel]
        for channel in [channel for channel in self._lanes if channel not in self._tasks]:
            self.accept(self._lanes.pop(channel))

    async def stop(self) -> None:
        """End every task. What was accepted is marked, so that it is not sent again."""
        lanes = tuple(self._tasks.values())
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        if self._marker is not None:
            await self._marker

    async def _drain(self, channel: str) -> None:
        lane = self._lanes[channel]
        try:
            while lane:
                await self._deliver(lane[0])
                lane.popleft()
        finally:
            # No await between the empty lane and this line, so no row can slip in unseen.
            del self._tasks[channel]
            if not lane:
                del self._lanes[channel]

    async def _deliver(self, row: OutboxRow) -> None:
        message = Message(event_id=row.event_id, channel=row.channel, event=row.name, data=row.data)
        try:
            for publisher in self._publishers:
                await self._publish(publisher, message, row)
        except PublishFailed as error:
            _log.error("event_undeliverable", event_id=row.event_id, channel=row.channel, reason=error.reason)
            reason = str(error)
            await self._store.transact(lambda tx: tx.run("mark_dead", id=row.id, error=reason))
            return
        self._accepted.append(row.id)
        if self._marker is None:
            self._marker = tasks.start(self._mark(), "outbox marker")

    async def _publish(self, publisher: Publisher, message: Message, row: OutboxRow) -> None:
        try:
            await publisher.publish(message)  # nearly always enough, and the loop below is not free
        except PublishFailed as error:
            await self._publish_again(publisher, message, row, error)

    async def _publish_again(
        self, publisher: Publisher, message: Message, row: OutboxRow, error: PublishFailed
    ) -> None:
        """Until it is accepted, or no retry can help; `error` is what came of the first time."""

        async def note_failure(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            reason = str(error)
            _log.warning("publish_failed", event_id=row.event_id, publisher=publisher.name, reason=reason)
            await self._store.transact(lambda tx: tx.run("mark_attempt", id=row.id, error=reason))

        retrying = AsyncRetrying(
            retry=retry_if_exception(_retryable),
            wait=wait_exponential_jitter(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT, jitter=_FIRST_WAIT),
            before_sleep=note_failure,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                if attempt.retry_state.attempt_number == 1:
                    raise error
                await publisher.publish(message)

    async def _mark(self) -> None:
        try:
            while self._accepted:
                batch, self._accepted = self._accepted, []
                await self._store.transact(partial(_mark_rows, ids=batch, at=instant_text(self._clock.now())))
        finally:
            # Rows that could not be marked are sent again at the next start, with their event_id.
            self._marker = None


def _pending(tx: Transaction) -> list[OutboxRow]:
    """Every row that waits, in the order of the ids.

    A transaction of a server that was killed may still be committing, with lower ids than rows that can be seen
    already: nobody would ever look for those again. So it is waited for first.
    """
    tx.run("wait_for_writers")
    rows: list[OutboxRow] = []
    while page := tx.tuples("pending_events", after=rows[-1].id if rows else 0, limit=_PAGE):
        rows += [OutboxRow(*row) for row in page]
    return rows


def _mark_rows(tx: Transaction, ids: Sequence[int], at: str) -> None:
    for row_id in ids:
        tx.run("mark_published", id=row_id, at=at)
