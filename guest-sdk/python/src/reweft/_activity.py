"""What an activity may ask of the host."""

from datetime import UTC, datetime
from typing import Any, Literal

from reweft import _host
from reweft._payload import decode, encode

#: How much a line of log matters.
Level = Literal["trace", "debug", "info", "warn", "error"]

_INVALID_PROGRESS = "invalid-progress"


class ActivityContext:
    """What is being done, and for whom."""

    @property
    def activity_name(self) -> str:
        """The activity's name."""
        return str(_host.activity_context.info().activity_name)

    @property
    def instance_id(self) -> str:
        """The instance that asked for it."""
        return str(_host.activity_context.info().instance_id)

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return int(_host.activity_context.info().attempt)

    @property
    def idempotency_key(self) -> str:
        """The same for every attempt of this call: what to give a bank so that it pays once."""
        return str(_host.activity_context.info().idempotency_key)

    @property
    def deadline(self) -> datetime:
        """When this attempt is stopped."""
        return datetime.fromtimestamp(_host.activity_context.info().deadline / 1000, UTC)

    def heartbeat(self, progress: Any = None) -> bool:
        """Says that the attempt gets on, and how far it is.

        Returns True once it is no longer wanted: it should clean up and return.
        """
        text = encode(progress, _INVALID_PROGRESS, "the progress")
        return bool(_host.activity_context.heartbeat(text))

    def last_progress(self, progress: Any = Any) -> Any:
        """What the attempt before this one said last with `heartbeat`, read as the type `progress`.

        None if it said nothing, or if this is the first attempt.
        """
        text = _host.activity_context.last_progress()
        if text is None:
            return None
        return decode(text, progress, _INVALID_PROGRESS, "the progress of the last attempt")

    def log(self, message: str, level: Level = "info") -> None:
        """Writes to the host's log."""
        _host.activity_context.log(_host.types.Level[level.upper()], message)
