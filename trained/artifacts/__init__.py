"""Model artifacts: the manifest that lists them, their integrity, opening pickles safely, and library versions.

Nothing of a version is unpickled before `check_integrity` has compared it with the manifest, and then only by `load_joblib`, which
admits the classes it is told and no others.
"""

from trained.artifacts.compatibility import Judgement, Verdict, judge, running_versions
from trained.artifacts.integrity import check_integrity, sha256_of
from trained.artifacts.manifest import Artifact, Manifest, describe_file, read_manifest, write_manifest
from trained.artifacts.unpickler import Record, load_joblib, read_feature_columns, stand_in

__all__ = [
    "Artifact",
    "Judgement",
    "Manifest",
    "Record",
    "Verdict",
    "check_integrity",
    "describe_file",
    "judge",
    "load_joblib",
    "read_feature_columns",
    "read_manifest",
    "running_versions",
    "sha256_of",
    "stand_in",
    "write_manifest",
]
