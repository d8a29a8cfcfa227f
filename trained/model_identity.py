"""Which model a version's vectors come from: versions of several catalogues that one model has encoded can be searched together."""

from __future__ import annotations

import hashlib
import json
from typing import Final

import numpy as np

from trained.encoder import BlockEncoder
from trained.learned.planned_routings import PREFIX

OF_CATALOGUE: Final = frozenset({f"{PREFIX}examples"})
"""Arrays of learned models that name items of the version's own catalogue and make no vectors."""


def identity_of(encoding: object) -> str:
    """A text that two encoders have in common exactly when they make the same vectors; "" of encoders of older lineages."""
    if not isinstance(encoding, BlockEncoder):
        return ""
    digest = hashlib.sha256(json.dumps(encoding.to_state(), sort_keys=True).encode())
    for name, part in sorted(encoding.learned.to_parts().items() if encoding.learned is not None else ()):
        if name not in OF_CATALOGUE:
            array = np.ascontiguousarray(part)
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()
