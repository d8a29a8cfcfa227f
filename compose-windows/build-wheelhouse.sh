#!/usr/bin/env bash
# Collects the program, the built frontend and the wheels of all packages into one zip for machines without network.
# Arguments go to `python -m installer release`; without any: Windows, Python 3.11 to 3.13, into var/releases.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -eq 0 ]; then
    set -- --platform win_amd64
fi
exec "${PYTHON:-python3}" -m installer release "$@"
