# Sourced by demo.sh and test.sh: makes .venv with the packages of a requirements file.
#
#   setup_venv REQUIREMENTS_FILE
#
# Installs only when the requirements changed since the last time. PYTHON names the interpreter.

setup_venv() {
  local requirements=$1
  local stamp=.venv/installed-${requirements%.txt}
  if [[ ! -x .venv/bin/python ]]; then
    echo "Making .venv with $("${PYTHON:-python3}" --version)"
    "${PYTHON:-python3}" -m venv .venv
  fi
  local wanted
  wanted=$(cat requirements*.txt pyproject.toml | sha256sum)
  if [[ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]]; then
    echo "Installing $requirements into .venv (TensorFlow is large: a few minutes)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
    echo "$wanted" > "$stamp"
  fi
}
