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
    local pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check)
    "${pip[@]}" -r "$requirements"
    if .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then
      # Its own build asks for a Cython that Python 3.13 is too new for.
      "${pip[@]}" cython==3.1.8 setuptools wheel
      "${pip[@]}" --no-build-isolation pydensecrf2==1.1
    fi
    "${pip[@]}" --no-deps -e .
    echo "$wanted" > "$stamp"
  fi
}
