"""Where the cells of a fit came from, which a model keeps with itself and in its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional, Union


#: Parts of a Source that a fit may be without, in their order.
PLACES = ("layer", "obsm", "types", "batch", "combine")


@dataclass(frozen=True)
class Source:
    """Where the cells of a fit came from in an AnnData object; ``target`` is a tuple where there are several."""

    condition: str
    control: str
    target: Union[str, tuple[str, ...]]
    layer: Optional[str]
    obsm: Optional[str]
    types: Optional[str] = None
    batch: Optional[str] = None
    combine: Optional[str] = None

    def notes(self) -> dict[str, str]:
        """The same as texts of a model file; several targets stand a line each."""
        several = None if isinstance(self.target, str) else "\n".join(self.target)
        said = {"kind": "AnnData", "condition": self.condition, "control": self.control, "layer": self.layer,
                "obsm": self.obsm, "types": self.types, "batch": self.batch, "combine": self.combine,
                "targets": several, "target": self.target if several is None else None}
        return {f"source.{name}": value for name, value in said.items() if value is not None}

    @classmethod
    def noted(cls, notes: Mapping[str, str]) -> Optional["Source"]:
        """The same from a file; None where it is of no AnnData object."""
        said = {name[len("source."):]: value for name, value in notes.items() if name.startswith("source.")}
        if said.get("kind") != "AnnData" or not {"condition", "control"} <= set(said) or not {"target", "targets"} & set(said):
            return None
        target = said["target"] if "target" in said else tuple(said["targets"].split("\n"))
        return cls(said["condition"], said["control"], target, *map(said.get, PLACES))
