#!/usr/bin/env bash
# The browser tests drive Debian's own Chromium. As root this installs it; otherwise it says what is missing.
# Without one those tests are skipped, and say so. Where CI=true and we are root, it must be there.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do command -v "$name" >/dev/null && exit 0; done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "» 安装浏览器 installing Chromium and a Chinese font for the browser tests (about 350 MB, once)"
  options=(-qq -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30)
  log="$(mktemp)"
  trap 'rm -f "$log"' EXIT
  if apt-get "${options[@]}" update >"$log" 2>&1 \
    && DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install -y --no-install-recommends chromium fonts-noto-cjk >"$log" 2>&1; then
    exit 0
  fi
  tail -n 5 "$log" >&2
  [ "${CI:-}" = true ] && { echo "CI 中必须有 Chromium。 Chromium could not be installed, and CI needs it." >&2; exit 1; }
fi
echo "» 没有 Chromium：浏览器测试将跳过。 No Chromium: the browser tests will be skipped."
echo "  To have them: apt-get install chromium fonts-noto-cjk (as root)."
