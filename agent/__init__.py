"""The top of the house. Before any sibling is imported, this makes sure that the siblings are the project's own.

The four packages have everyday names. A scanned folder, or another distribution, may hold a ``rules/`` of its own, and
its code must never run here; ``find_spec`` looks for a package without running it.
"""

from importlib.util import find_spec
from pathlib import Path

_HOUSE = Path(__file__).resolve().parent.parent

for _name in ("connectors", "rules", "storage"):
    _spec = find_spec(_name)
    _origin = _spec.origin if _spec else None
    if _origin is None or Path(_origin).resolve() != _HOUSE / _name / "__init__.py":
        raise ImportError(
            f"nhi-agent refuses to start: its package '{_name}' should be in {_HOUSE}, but Python finds "
            f"{_origin or 'none with an __init__.py'}. "
            "Install nhi-agent in an environment of its own, and start it by the command nhi-agent."
        )
