# Sourced by test.sh: the browser that the tests of the report open it in.
#
#   setup_chromium
#
# Installs Chromium and its driver from the distribution where they are missing and that is
# allowed. Where it is not, says so: the tests that need a browser are then skipped.

setup_chromium() {
  if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    return
  fi
  local as_root=""
  if [[ $EUID -ne 0 ]]; then
    as_root="sudo -n"
  fi
  echo "Installing Chromium for the tests of the report"
  if ! { $as_root apt-get update -qq \
      && $as_root apt-get install -y -qq chromium chromium-driver; } >/dev/null 2>&1; then
    echo "Could not install Chromium: the report's tests in a browser are skipped."
    echo "To have them run: apt-get install chromium chromium-driver"
  fi
}
