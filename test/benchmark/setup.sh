#!/bin/sh
# Fetches what the benchmark measures with and against, where it is absent: Debian packages are unpacked into .tools and
# npm packages installed into candidates/node_modules, both beside this file. Nothing is installed into the system and no
# service is started. Run it again whenever you like; it ends with 1 and a list when something is missing.
set -u
cd "$(dirname "$0")" || exit 1
here=$(pwd)
tools='nginx haproxy caddy wrk'

has() {
  PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v "$1" >/dev/null 2>&1 ||
    [ -x "$here/.tools/usr/bin/$1" ] || [ -x "$here/.tools/usr/sbin/$1" ]
}

absent=''
for tool in $tools; do has "$tool" || absent="$absent $tool"; done

if [ -n "$absent" ] && command -v apt-get >/dev/null 2>&1; then
  echo "fetching$absent"
  mkdir -p .tools/archives/partial
  apt-get update >/dev/null 2>&1 || echo 'apt-get update failed (it may need root); trying with the lists at hand'
  # One by one: a package that this release lacks must not keep the others away.
  for tool in $absent; do
    apt-get install --yes --download-only --no-install-recommends \
      -o Dir::Cache::archives="$here/.tools/archives" -o Debug::NoLocking=true "$tool" >/dev/null 2>&1 ||
      echo "$tool: no Debian package could be fetched"
  done
  for package in .tools/archives/*.deb; do
    [ -e "$package" ] && dpkg-deb --extract "$package" .tools
  done
  rm -rf .tools/archives
fi

echo 'installing the npm packages'
npm ci --prefix candidates --no-audit --no-fund --loglevel=error || npm_failed=yes

status=0
for tool in $tools; do
  has "$tool" || { echo "missing: $tool. Install it with the package manager of this system."; status=1; }
done
command -v taskset >/dev/null 2>&1 ||
  { echo 'missing: taskset (util-linux), which pins processes to a core. The benchmark runs on Linux.'; status=1; }
[ -z "${npm_failed-}" ] || { echo 'missing: the npm packages in candidates/package.json'; status=1; }
[ "$status" -eq 1 ] || echo 'everything is there'
exit "$status"
