"""OpenETS: an emissions trading system in one program, and a library to work with.

```python
import openets

openets.read("compliance.csv")["operator_years"]  # a published file as frames
openets.law().ask("linear-reduction-factor", for_=2024).value
openets.replay("compliance.csv", "store").table  # history through both books
openets.figures()  # the published figures in the package
```

Each name is loaded when it is first used, so that `import openets` takes no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openets.interfaces.library import Data, Replayed, figures, law, read, replay
    from openets.kernel.refusal import Refused
    from openets.storage.database import StorageError

__all__ = [
    "Data",
    "Refused",
    "Replayed",
    "StorageError",
    "figures",
    "law",
    "read",
    "replay",
]

_ELSEWHERE = {
    "Refused": "openets.kernel.refusal",
    "StorageError": "openets.storage.database",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(_ELSEWHERE.get(name, "openets.interfaces.library")), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
