"""Model artifacts: the manifest that lists them, their integrity, opening pickles safely, and library versions.

Nothing of a version is unpickled before `check_integrity` has compared it with the manifest, then only in a process that has locked
itself down, and only by `unpickled`, which admits the classes it is told and no others.
"""

from trained.artifacts.compatibility import Judgement, Verdict, judge, running_versions
from trained.artifacts.integrity import check_integrity, own_file, sha256_of
from trained.artifacts.manifest import Artifact, Manifest, describe_file, read_manifest, write_manifest
from trained.artifacts.stand_ins import Record, opaque, stand_in
from trained.artifacts.unpickler import StoredFile, feature_columns, load_joblib, unpickled

__all__ = [
    "Artifact",
    "Judgement",
    "Manifest",
    "Record",
    "StoredFile",
    "Verdict",
    "check_integrity",
    "describe_file",
    "feature_columns",
    "judge",
    "load_joblib",
    "opaque",
    "own_file",
    "read_manifest",
    "running_versions",
    "sha256_of",
    "stand_in",
    "unpickled",
    "write_manifest",
]
