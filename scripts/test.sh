#!/usr/bin/env bash
# Makes .venv if need be, installs, and runs the linter, the type checker and the tests.
#
#   bash scripts/test.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup_venv.sh
source scripts/setup_chromium.sh
setup_venv requirements-dev.txt
setup_chromium

.venv/bin/ruff format --check .
.venv/bin/ruff check .
.venv/bin/mypy
# Two files at a time: most tests keep one core busy.
.venv/bin/python -m pytest --numprocesses=2 --dist=loadfile "$@"
