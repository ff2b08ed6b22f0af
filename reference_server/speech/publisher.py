"""A publisher before a publisher: what goes out is in the dialect's words, on the dialect's channels."""

from __future__ import annotations

from dataclasses import replace

from contract.json_text import strict_json
from reference_server.realtime.publishers import Message, Publisher
from reference_server.speech.words import Words
from reference_server.store.transaction import compact_json


class SpeakingPublisher:
    """A `Publisher`. It promises what the one behind it does, and its limit is on what goes over the wire."""

    def __init__(self, inner: Publisher, words: Words) -> None:
        self.name = inner.name
        self._inner, self._words = inner, words

    async def publish(self, message: Message) -> None:
        """Translate and hand over. Raises: `PublishFailed`."""
        await self._inner.publish(await translated(message, self._words))

    async def aclose(self) -> None:
        """The one behind it is closed with it."""
        await self._inner.aclose()


async def translated(message: Message, words: Words) -> Message:
    """The message on the wire; its `event_id` stays what the outbox knows it by."""
    try:
        envelope = strict_json(message.data)
    except ValueError:
        return replace(message, channel=words.channel(message.channel))
    meta = envelope.get("meta") if isinstance(envelope, dict) else None
    await words.meet(meta.get("hotel_slug") if isinstance(meta, dict) else None)
    channel, name, data = words.dialect.to_wire_event(message.channel, message.event, envelope)
    text = message.data if data is envelope else compact_json(data)
    return replace(message, channel=channel, event=name, data=text)
