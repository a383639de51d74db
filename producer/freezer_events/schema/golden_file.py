"""What a golden file holds, and its text.

Form 2 keeps each reading as `consume --output json` prints it. Form 1, a list, kept Avro's own
values without logical types; `earlier_golden` says whether a reading agrees with one of those.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.errors import SchemaError
from freezer_events.schema.lock import refuse_markers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORM: Final = 2
_RESTORE: Final = "restore it from version control"


@dataclass(frozen=True, slots=True)
class GoldenExample:
    """Bytes that one version wrote.

    Attributes:
        hex: the body, in hex.
        reads: what each version that reads it makes of it, by version number as text.

    """

    hex: str
    reads: Mapping[str, Any]

    @property
    def body(self) -> bytes:
        """The Avro body."""
        return bytes.fromhex(self.hex)


@dataclass(frozen=True, slots=True)
class GoldenFile:
    """The examples of one version; `form` says how their readings are written."""

    examples: tuple[GoldenExample, ...]
    form: int = FORM

    @classmethod
    def parse(cls, where: Path, text: str) -> Self:
        """Read a file's text; `where` is what errors call it.

        Raises:
            SchemaError: it is damaged, holds merge markers or no example, or is of a later form.

        """
        refuse_markers(text, str(where))
        try:
            given = json.loads(text)
            form, listed = (1, given) if isinstance(given, list) else _told(given)
            made = tuple(GoldenExample(each["hex"], dict(each["reads"])) for each in listed)
            for each in made:
                bytes.fromhex(each.hex)
                [int(reader) for reader in each.reads]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            why = f"is damaged: {type(error).__name__}: {error}"
            raise SchemaError(str(where), why, _RESTORE) from error
        if form > FORM:
            why = f"is of form {form}: a later version of freezer-events has written it"
            raise SchemaError(str(where), why, "upgrade: pip install --upgrade freezer-events")
        if not made:
            raise SchemaError(str(where), "holds no example", _RESTORE)
        return cls(made, form)

    def text(self) -> str:
        """Return the file's text, in the form of today."""
        listed = [{"hex": each.hex, "reads": each.reads} for each in self.examples]
        value = {"form": FORM, "examples": listed}
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _told(given: dict[str, Any]) -> tuple[int, list[Any]]:
    form, listed = given["form"], given["examples"]
    if type(form) is not int or form < FORM or not isinstance(listed, list):
        raise ValueError(f"form {form!r}")
    return form, listed
