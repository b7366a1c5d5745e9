#!/usr/bin/env bash
# Creates .venv and installs the locked dependencies and the project itself. Run by `make install`.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON="${PYTHON:-python3}"

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$@" >&2; exit 1; }

command -v "$PYTHON" >/dev/null || fail \
  "找不到 $PYTHON。 $PYTHON was not found." \
  "Debian: apt-get install python3 python3-venv    Elsewhere: install Python 3.11 or newer, or make PYTHON=/path/to/python3"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail \
  "需要 Python 3.11 或更新版本，这里是 $("$PYTHON" -V 2>&1)。 Python 3.11 or newer is needed." \
  "Name another one: make PYTHON=python3.11"
"$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || fail \
  "缺少 venv 模块。 The module that makes virtual environments is missing." \
  "Debian and Ubuntu: apt-get install python3-venv"

# A moved folder, another Python or a broken attempt: make the environment again.
here="$(pwd -P)"
if [ -d .venv ] && [ ! -w .venv ]; then
  fail "无法写入 .venv。 $here/.venv belongs to somebody else. Run as its owner, or clone the project into a folder of your own."
fi
if [ -d .venv ] && { [ "$(cat .venv/.home 2>/dev/null || true)" != "$here" ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
  say "» 重建虚拟环境 making .venv again (it was made elsewhere, or is not whole)"
  rm -rf .venv
fi
if [ ! -d .venv ]; then
  say "» 创建虚拟环境 creating .venv"
  "$PYTHON" -m venv .venv || { rm -rf .venv; fail "创建 .venv 失败。 .venv could not be made in $here; is the disk full or read-only?"; }
  printf '%s\n' "$here" > .venv/.home
fi

pip() { .venv/bin/python -m pip --disable-pip-version-check --no-input "$@"; }
log=.venv/install.log
say "» 安装依赖 installing the packages that requirements/dev.txt names; a few minutes the first time (log: $log)"
pip install --progress-bar off --require-hashes -r requirements/dev.txt 2>&1 | tee "$log" | awk '
  /^(Collecting|Requirement already satisfied)/ { n++; if (n % 10 == 0) { print "  " n " …"; fflush() } }
  /^Installing collected packages/ { print "  下载完毕，正在解包 downloaded; unpacking"; fflush() }' || {
  tail -n 15 "$log" >&2
  fail "安装依赖失败（见上）。 The packages could not be installed; the reason is above, the whole log in $log." \
    "Repeating make install is safe. Without a network: point pip at a folder of wheels (PIP_NO_INDEX=1 PIP_FIND_LINKS=/path)."
}
pip install -q --no-deps --no-build-isolation -e . >> "$log" 2>&1 || { tail -n 15 "$log" >&2; fail "The project itself could not be installed; see $log."; }
touch .venv/.installed
say "» 完成 installed"
