"""Where a reply goes on Slack, as it is kept with the deliberation."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """`thread` is the `ts` of the root under which the reply goes, `message` that of the question.

    The two are the same where the question opens its thread.
    """

    team: str
    channel: str
    thread: str
    message: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Address":
        return cls(**json.loads(text))
