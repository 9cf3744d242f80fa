#!/bin/sh
# dist_check.sh PYTHON FILE: a wheel or an sdist, installed into a clean environment elsewhere, where the README's beginning runs.
set -eu
python=$1
file=$(realpath "$2")
root=$(cd "$(dirname "$0")/.." && pwd)
away=$(mktemp -d)
trap 'rm -rf "$away"' EXIT
cd "$away"
"$python" -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check --constraint "$root/constraints.txt" "$file"
export PATH="$away/env/bin:$PATH" ITDR_CACHE="$away/cache" HF_HOME="$away/hf" HF_HUB_OFFLINE=1
itdr simulate raw/ --scale 0.01
itdr build --raw raw/ --out itdr/
itdr audit itdr/
itdr show itdr/ tkr-pixelrec
itdr report itdr/ --out report.html
awk '/^```python/ { on = 1; next } /^```/ && on { exit } on' "$root/README.md" > example.py
python example.py
python -c "import itdr_hf, pathlib; assert pathlib.Path('$away') in pathlib.Path(itdr_hf.__file__).parents"
echo "$(basename "$file") installs and runs"
