#!/bin/sh
# Builds what is published, looks into it, and runs the tests of the sdist against the wheel:
#
#     sh tools/package.sh FOLDER [ARGUMENTS OF PYTEST]
#
# tox runs it in an environment that has what the tests and the package need, but not the package.
set -eu
folder="$1"
shift

# The sdist has what the repository has, and the wheel what the folder of the package has.
check-manifest --no-build-isolation
rm -rf "$folder"
uv build --quiet --build-constraints requirements/lock.txt --require-hashes --out-dir "$folder"
check-wheel-contents "$folder"

env --unset UV_REQUIRE_HASHES --unset UV_CONSTRAINT \
  uv pip install --quiet --reinstall --no-deps "$folder"/*.whl
uv pip check
mkdir "$folder/source"
tar --extract --file "$folder"/*.tar.gz --directory "$folder/source" --strip-components 1 \
  --anchored --no-wildcards-match-slash --exclude "*/django_jwt_cookie"
cd "$folder/source"
python -X dev -m pytest "$@"
