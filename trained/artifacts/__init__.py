"""Model artifacts: the manifest that lists them, their integrity, opening pickles safely, and library versions.

Nothing of a version is unpickled before `check_integrity` has compared it with the manifest, then only in a process that has locked
itself down, and only by `unpickler.unpickled`, which admits the classes it is told and no others.
"""

from trained.artifacts.compatibility import Judgement, Verdict, judge, running_versions
from trained.artifacts.integrity import check_integrity, own_file, sha256_of
from trained.artifacts.manifest import Artifact, Manifest, describe_file, read_manifest, write_manifest

__all__ = [
    "Artifact",
    "Judgement",
    "Manifest",
    "Verdict",
    "check_integrity",
    "describe_file",
    "judge",
    "own_file",
    "read_manifest",
    "running_versions",
    "sha256_of",
    "write_manifest",
]
