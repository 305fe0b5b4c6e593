#!/usr/bin/env bash
# Check for Chromium and Chinese fonts, which the browser tests need; as root on Debian or Ubuntu, install them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. requirements/apt.sh

has_fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh)" ]; }

if ! command -v chromium >/dev/null 2>&1 || ! has_fonts; then
    if can_apt; then
        apt_install chromium fonts-noto-cjk
    else
        echo "Chromium or a Chinese font is missing; run:  sudo apt-get install -y chromium fonts-noto-cjk" >&2
        exit 1
    fi
fi
