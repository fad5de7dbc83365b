"""Settings of the stack's processes as environment variables: `{"web": {"port": 1}}` is `CHARTLINE_WEB__PORT=1`."""

import json
from collections.abc import Mapping
from typing import Any

from shared.settings import PREFIX, ServiceSettings

Rooms = Mapping[str, Mapping[str, object]]


def read_settings(rooms: Rooms) -> ServiceSettings:
    """Read the settings of this process's environment, with those of `rooms` before them."""
    chosen: dict[str, Any] = dict(rooms)  # the sources of pydantic-settings take plain values; validation types them
    return ServiceSettings(**chosen)


def to_environment(rooms: Rooms) -> dict[str, str]:
    """Turn settings by room and name into environment variables; values that are no strings become JSON."""
    return {
        f"{PREFIX}{room}__{name}".upper(): value if isinstance(value, str) else json.dumps(value)
        for room, names in rooms.items()
        for name, value in names.items()
    }
