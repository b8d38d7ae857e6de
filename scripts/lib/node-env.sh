# shellcheck shell=bash
# Sourced by the bash entry points in scripts/: goes to the repository root, installs the npm packages when they are
# missing or out of date, and puts node_modules/.bin first on PATH, which holds the Node that the project is developed on
# (scripts/node). The machine itself needs no more than npm and any Node that npm runs on.

export MILLRACE_INVOKED_FROM=$PWD # what relative paths on the command line mean
MILLRACE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd) || exit 1
cd "$MILLRACE_ROOT" || exit 1

millrace_fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# millrace_locked FILE COMMAND…: runs the command while no other process holds the lock on FILE, which must exist.
# Without flock (macOS) it just runs.
millrace_locked() (
  exec 9<"$1" || exit 1
  shift
  if command -v flock >/dev/null; then flock 9 || exit 1; fi
  "$@" 9<&-
)

# npm writes this file at the end of every install.
millrace_packages_fresh() {
  [ -f node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ]
}

millrace_install_packages() {
  if millrace_packages_fresh; then return 0; fi # another process was first
  echo "${0##*/}: installing npm packages…" >&2
  npm ci --no-audit --no-fund --loglevel=error >/dev/null || return 1
  touch node_modules/.package-lock.json # newer than package-lock.json even when a checkout gave that a later time
}

millrace_dist_fresh() {
  [ -f dist/.built ] && [ -z "$(find src package.json -newer dist/.built -print -quit)" ]
}

millrace_compile() {
  if millrace_dist_fresh; then return 0; fi
  rm -rf dist && npm run --silent build >&2 && touch dist/.built
}

# Bundles src into dist when dist is older; bin/ runs from dist, a few files, as loading many costs more than all else.
millrace_build() {
  millrace_dist_fresh || millrace_locked tsconfig.json millrace_compile || millrace_fail "npm run build failed"
}

if ! millrace_packages_fresh; then
  command -v npm >/dev/null || millrace_fail "npm is not on PATH: install Node.js (any version that brings npm) first"
  millrace_locked package.json millrace_install_packages || millrace_fail "npm ci failed, see above"
fi

export PATH="$MILLRACE_ROOT/node_modules/.bin:$PATH"
hash -r

# 22.22 is what package.json asks for (engines).
node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 22) ? 0 : 1)' 2>/dev/null ||
  millrace_fail "needs Node.js 22.22 or newer, found $(node -v 2>/dev/null || echo none); npm has no Node for this platform, install one"
