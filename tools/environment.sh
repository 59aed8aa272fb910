#!/bin/sh
# Brings `.venv` into the state that requirements/ says, with these dependency groups:
#
#     sh tools/environment.sh python3 test lint
#
# A `.venv` that no earlier run completed (half installed, moved, of another Python or another lock)
# is made anew. What pip fetches is uv alone, which fetches all else; both verify hashes. The package
# itself is not installed: all of the project runs from the folder that it is in.
set -eu
cd "$(dirname "$0")/.."

# `.venv` may be active in this shell: what makes it is the Python that it was made of.
python="$("$1" -c 'import sys
sys.version_info >= (3, 11) or sys.exit(
    "Python 3.11 or later is needed, this is %d.%d: make ... PYTHON=python3.12" % sys.version_info[:2]
)
print(getattr(sys, "_base_executable", sys.executable))')"
shift

# `.venv/state` says what `.venv` was made for, and then the groups that it has.
state="$("$python" -VV; pwd -P; sed "/^\[tool/q" requirements/*.txt pyproject.toml | cksum)"
if [ "$(head -n 3 .venv/state 2>/dev/null)" != "$state" ] ||
  ! .venv/bin/uv pip check --quiet --python .venv/bin/python 2>/dev/null; then
  echo "Making .venv with $("$python" -V)"
  rm -rf .venv
  "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
    --requirement requirements/uv.txt
  echo "$state" >.venv/state
fi

for group in "$@"; do
  grep -qx "$group" .venv/state || set -- "$@" --group "$group"
  shift
done
if [ $# != 0 ]; then
  mv .venv/state .venv/unfinished
  .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes \
    --constraints requirements/lock.txt --constraints requirements/django.txt \
    --build-constraints requirements/lock.txt "$@"
  printf '%s\n' "$@" | grep -vx -e --group >>.venv/unfinished
  mv .venv/unfinished .venv/state
fi
