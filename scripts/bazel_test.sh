#!/usr/bin/env bash
# Makes .venv if need be, installs Debian's Bazel, builds all targets and runs the tests.
#
#   bash scripts/bazel_test.sh [arguments of `bazel test`]
#
# Without arguments: //tests/..., which leaves out the tests that tests/BUILD calls manual.
# What Bazel makes goes to BAZEL_OUTPUT, by default ~/.cache/boxsup_tf_bazel.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup_venv.sh
setup_venv requirements-dev.txt
if ! command -v bazel > /dev/null; then
  sudo=$([[ $EUID == 0 ]] || echo sudo)
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends bazel-bootstrap
fi

export PATH=$PWD/.venv/bin:$PATH
bazel=(bazel "--output_user_root=${BAZEL_OUTPUT:-$HOME/.cache/boxsup_tf_bazel}" --max_idle_secs=60)
"${bazel[@]}" build //...
"${bazel[@]}" test "${@:-//tests/...}"
