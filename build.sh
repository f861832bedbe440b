#!/usr/bin/env bash
# The one way to build, run, test and pack. ./build.sh help says what there is.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$root/artifacts
version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' "$root/Directory.Build.props")
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

help() {
    cat <<'TEXT'
StreamScorer: builds what changed, then does what you ask.

  ./build.sh demo [--posts N] [--rate R]   posts flow through an embedded Kafka broker, live in the terminal
  ./build.sh run COMMAND [ARGS]            the streamscorer program: run, demo, score, check (--help says more)
  ./build.sh modeltool COMMAND [ARGS]      the modeltool program: makes and judges model bundles
  ./build.sh test [FILTER ARGS]            all tests; ends with "N passed, N failed, N skipped"
  ./build.sh bench COMMAND [ARGS]          measured comparisons
  ./build.sh format [--check]              formats the code, or only checks that it is
  ./build.sh pack [--cuda]                 a tar.gz to install, in artifacts/pack (--cuda: with the 230 MB GPU provider)

Needs the .NET 10 SDK. Where the NuGet source lacks a package, it is made from its upstream source: that needs
npm, gcc and make, and about a minute, once.
TEXT
}

say() { printf '%s\n' "$*" >&2; }
die() { say "build.sh: $*"; exit 1; }

need_sdk() {
    command -v dotnet >/dev/null || die "the .NET 10 SDK is missing. Get it: https://dotnet.microsoft.com/download/dotnet/10.0"
    dotnet --version >/dev/null 2>&1 || die "global.json asks for the .NET 10 SDK and this machine has: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')"
}

sources() { find "$root/src" "$root/tests" "$root/bench" "$root"/*.props "$root/StreamScorer.sln" "$root/global.json" "$root/.editorconfig" -type f "$@"; }

# current STAMP OUTPUT: nothing was added, removed or changed since this stamp was made.
current() {
    [ -f "$1" ] && [ -e "$2" ] && [ "$(cat "$1")" = "$(sources | sort | sha256sum)" ] && [ -z "$(sources -newer "$1" -print -quit)" ]
}

# build PROJECT OUTPUT: brings one project, or the solution, up to date. Talks on standard error only.
build() {
    local stamp; stamp=$out/stamps/$(basename "$1")
    current "$stamp" "$2" && return
    need_sdk
    mkdir -p "$out/stamps" "$out/logs"
    (
        flock 9
        current "$stamp" "$2" && exit 0
        say "building $(basename "$1") ..."
        rm -f "$stamp"
        sources | sort | sha256sum >"$stamp.new" # before the build, so that a file saved meanwhile counts as newer
        restore "$1"
        dotnet build "$1" -c Release --no-restore -v quiet -clp:NoSummary >"$out/logs/build.log" 2>&1 || { grep -E "error|warn" "$out/logs/build.log" | sort -u >&2 || cat "$out/logs/build.log" >&2; exit 1; }
        mv "$stamp.new" "$stamp"
    ) 9>"$out/build.lock" || die "the build of $(basename "$1") failed"
}

# A plain restore first: where the package source has everything, nothing else is needed.
restore() {
    dotnet restore "$1" -v quiet >"$out/logs/restore.log" 2>&1 && return
    if ! grep -qE "NU1101|NU1102|NU1103" "$out/logs/restore.log"; then
        cat "$out/logs/restore.log" >&2
        die "packages could not be restored; see above"
    fi
    say "the NuGet source lacks $(grep -oE "Unable to find package [A-Za-z.]+" "$out/logs/restore.log" | sed 's/.* //' | sed 's/\.$//' | sort -u | tr '\n' ' '): making them from their upstream source, once"
    "$root/eng/feed.sh"
    dotnet restore "$1" -v quiet >"$out/logs/restore.log" 2>&1 || { cat "$out/logs/restore.log" >&2; die "packages could not be restored; see above"; }
}

program() { # program NAME PROJECT ARGS...: replaces this shell, so that signals and exit codes are the program's own
    local dll=$out/bin/$2/release/$1.dll
    build "$root/src/$2/$2.csproj" "$dll"
    exec dotnet "$dll" "${@:3}"
}

run_tests() {
    build "$root/StreamScorer.sln" "$out/bin/StreamScorer.Tests/release/StreamScorer.Tests.dll"
    local passed=0 failed=0 skipped=0 project log code
    for project in Shared StreamScorer ModelTool; do
        log=$out/logs/$project.Tests.log
        say "== $project.Tests"
        code=0
        dotnet "$out/bin/$project.Tests/release/$project.Tests.dll" --no-progress --no-ansi --output Normal "$@" >"$log" 2>&1 || code=$?
        cat "$log"
        count() { sed -n "s/^ *$1: *\([0-9]*\).*/\1/p" "$log" | tail -1; }
        passed=$((passed + $(count succeeded || echo 0)+0)); failed=$((failed + $(count failed)+0)); skipped=$((skipped + $(count skipped)+0))
        # 8: no test matched, which a filter may cause. Anything else without a counted failure is a crash.
        if [ "$code" -ne 0 ] && [ "$code" -ne 8 ] && [ "$(count failed)" = 0 ]; then
            say "build.sh: $project.Tests ended with exit code $code"
            failed=$((failed + 1))
        fi
    done
    [ $((passed + failed)) -gt 0 ] || { say "build.sh: no test ran"; failed=1; }
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ]
}

format() {
    need_sdk
    mkdir -p "$out/logs"
    restore "$root/StreamScorer.sln"
    if [ "${1:-}" = --check ]; then
        dotnet format "$root/StreamScorer.sln" --no-restore --verify-no-changes || die "the code is not formatted; ./build.sh format does it"
    else
        dotnet format "$root/StreamScorer.sln" --no-restore
    fi
}

pack() {
    local name=streamscorer-$version-linux-x64 folder
    folder=$out/pack/$name
    mkdir -p "$out/logs"
    need_sdk
    rm -rf "$folder"
    mkdir -p "$folder"
    for project in StreamScorer ModelTool; do
        restore "$root/src/$project/$project.csproj"
        dotnet publish "$root/src/$project/$project.csproj" -c Release --no-restore -v quiet -o "$folder" >"$out/logs/pack.log" 2>&1 || { cat "$out/logs/pack.log" >&2; die "publishing $project failed"; }
    done
    find "$folder" -name '*.pdb' -delete
    [ "${1:-}" = --cuda ] || find "$folder" -name 'libonnxruntime_providers_cuda.so' -delete
    cp -r "$root/models" "$root/samples" "$root/docs" "$root/README.md" "$root/LICENSE" "$folder"
    tar czf "$folder.tar.gz" -C "$out/pack" "$name"
    say "packed artifacts/pack/$name.tar.gz ($(du -h "$folder.tar.gz" | cut -f1))"
}

verb=${1:-help}
[ $# -eq 0 ] || shift
case $verb in
    demo) program streamscorer StreamScorer demo "$@" ;;
    run) program streamscorer StreamScorer "$@" ;;
    modeltool) program modeltool ModelTool "$@" ;;
    test) run_tests "$@" ;;
    bench)
        build "$root/src/StreamScorer/StreamScorer.csproj" "$out/bin/StreamScorer/release/streamscorer.dll"
        build "$root/bench/Bench.csproj" "$out/bin/Bench/release/bench.dll"
        exec dotnet "$out/bin/Bench/release/bench.dll" "$@"
        ;;
    format) format "$@" ;;
    pack) pack "$@" ;;
    help | --help | -h) help ;;
    *) help >&2; die "there is no verb '$verb'" ;;
esac
