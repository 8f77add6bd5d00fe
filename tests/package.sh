#!/usr/bin/env bash
# Builds the project the way a release is built, installs it the way a user does, and runs it beside hostile code.
# usage: package.sh PYTHON    (a Python that has the development lock installed)
set -euo pipefail
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
house=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1

echo "package: sdist, then the wheel from the sdist"
"$python" -m build --no-isolation --outdir "$work/dist" "$house" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }

echo "package: install in a bare environment"
"$python" -m venv "$work/venv"
pip=("$work/venv/bin/python" -m pip --quiet --quiet install --no-deps)
"${pip[@]}" --require-hashes --only-binary :all: -r "$house/requirements.lock"
"${pip[@]}" "$work"/dist/*.whl

echo "package: run from a foreign folder that holds a 'rules', a 'storage' and a 'connectors' of its own"
mkdir -p "$work/home" "$work/elsewhere"
unset "${!NHI_AGENT_@}" "${!XDG_@}" "${!GIT_@}"
export HOME="$work/home" GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
cd "$work/elsewhere"
for name in agent connectors rules storage; do
  mkdir "$name"
  echo "open('$work/hostile', 'w').close()" >"$name/__init__.py"
done
git init --quiet .
git -c user.name=t -c user.email=t@example.com commit --quiet --allow-empty --message empty
"$work/venv/bin/nhi-agent" --version
"$work/venv/bin/nhi-agent" --help >/dev/null
"$work/venv/bin/nhi-agent" sweep . >"$work/sweep.txt" 2>"$work/sweep.err" || { code=$?; cat "$work/sweep.txt" "$work/sweep.err"; exit "$code"; }
[ ! -e "$work/hostile" ] || { echo "package: code of the scanned folder ran"; exit 1; }
echo "package: well"
