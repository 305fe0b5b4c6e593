#!/usr/bin/env bash
# Look up each package of a lock in the database of known vulnerabilities. Run by `make audit`; needs the network.
#
# Ends with an error for a vulnerability, and for any package of the lock that was not looked up: one that is skipped is not safe.
# Usage: requirements/audit.sh [LOCK]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
bin=${AUDIT_BIN:-.venv/audit/bin}
lock=${1:-requirements/lock.txt}
found=$(mktemp)
plain=$(mktemp)
trap 'rm -f "$found" "$plain"' EXIT

# Without markers: a package that is installed only on another system or another Python is looked up too.
sed -E 's/ ; [^\\]*\\$/ \\/' "$lock" >"$plain"
status=0
"$bin/pip-audit" --strict --disable-pip --require-hashes --requirement "$plain" --progress-spinner off \
    --format json --output "$found" || status=$?
"$bin/python" - "$lock" "$found" <<'PYTHON'
import json, re, sys
from pathlib import Path

lock, found = map(Path, sys.argv[1:])
text = found.read_text()
if not text:
    sys.exit("audit stopped: pip-audit looked nothing up; its message is above. Check the network, and run make audit again")
wanted = set(re.findall(r"^([a-z0-9][a-z0-9.-]*)==", lock.read_text(), re.MULTILINE))
packages = json.loads(text)["dependencies"]
seen = {re.sub(r"[-_.]+", "-", one["name"]).lower() for one in packages if "vulns" in one}
bad = [f"{one['name']} {one['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'no version'}"
       for one in packages for flaw in one.get("vulns", ())]
skipped = sorted(name for name in wanted if re.sub(r"[-_.]+", "-", name) not in seen)
for line in [*bad, *(f"{name}: not looked up" for name in skipped)]:
    print(line, file=sys.stderr)
if bad or skipped:
    sys.exit(f"audit failed: {len(bad)} vulnerabilities, {len(skipped)} packages not looked up. Next: make lock, or see SECURITY.md")
print(f"{len(seen)} packages of {lock}, no known vulnerability")
PYTHON
exit "$status"
