#!/usr/bin/env bash
# Makes a release for this Linux machine and installs, starts, asks and stops it where no network can be reached (needs root for unshare).
# Usage: check-offline.sh [FOLDER]   (default: a temporary folder, which is deleted)
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
python="${PYTHON:-python3}"
work="${1:-$(mktemp -d)}"
mkdir -p "$work"
if [ $# -eq 0 ]; then trap 'rm -rf "$work"' EXIT; fi
minor="$("$python" -c 'import sys; print("{}.{}".format(*sys.version_info))')"
archive="$(cd "$root" && "$python" -m installer release --platform linux_x86_64 --python "$minor" --output "$work/release" | tail -1)"
"$python" -m zipfile -e "$archive" "$work/unpacked"
release="$(ls -d "$work"/unpacked/*/)"

cat > "$work/inside.sh" <<'INSIDE'
set -euo pipefail
release="$1"; work="$2"; python="$3"
ip link set lo up 2>/dev/null || "$python" - <<'PY'
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
PY
if "$python" -c "import socket; socket.create_connection(('192.0.2.1', 443), 2)" 2>/dev/null; then echo "a network can be reached"; exit 1; fi
cd "$release/app"
"$python" -m installer install --program "$work/program files" --data "$work/program data"
"$python" -m installer verify --predicts --program "$work/program files" --data "$work/program data"
cd "$work/program files/current/app"
../venv/bin/routing-ml predict ADB-0001499
../venv/bin/routing-ml down
INSIDE
unshare -n bash "$work/inside.sh" "${release%/}" "$work" "$(command -v "$python")"
echo "Installed, started and predicted without network."
