#!/usr/bin/env bash
# The one entry: builds what changed and runs it. `./build.sh help` lists the verbs.
# Standard output carries the output of the program that was asked for; everything about building goes to standard error.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
artifacts=$root/artifacts
log=$artifacts/build.log

# English, because what a restore misses is read from its messages.
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false TESTINGPLATFORM_TELEMETRY_OPTOUT=1

say() { printf 'build.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

usage() {
    cat <<'TEXT'
StreamScorer: builds what changed, then does what you ask.

  ./build.sh demo [--posts N] [--rate R]   posts flow through an embedded Kafka broker, live in the terminal
  ./build.sh run COMMAND [ARGS]            the streamscorer program: run, demo, score, check, audit, dead-letters, backfill, replay
  ./build.sh modeltool COMMAND [ARGS]      the modeltool program: makes and judges model bundles
  ./build.sh test [PROJECT...] [ARGS]      all tests, or those of the projects named (Shared, StreamScorer, ModelTool);
                                           ARGS go to the test programs: --filter-class '*Tokenizer*';
                                           ends with "N passed, N failed, N skipped"
  ./build.sh bench COMMAND [ARGS]          measured comparisons
  ./build.sh trial NAME [ARGS]             breaks a three-broker Kafka or the workers on it, then accounts for every post
                                           (KAFKA_HOME: a Kafka folder with kafka-dev.sh); trial --help lists them
  ./build.sh soak produce|verify [ARGS]    a load of known posts, and an independent check of what became of them
  ./build.sh format [--check]              formats the code, or only checks that it is
  ./build.sh pack [--cuda]                 a tar.gz to install, in artifacts/pack (--cuda: with the 230 MB GPU provider)
  ./build.sh audit [--strict]              the packages with their licences; fails when one has a known vulnerability
  ./build.sh restore FOLDER...              only the packages, of the projects in these folders (src/StreamScorer)
  ./build.sh help                          this text

Needs the .NET 10 SDK. Where the NuGet source lacks a package, it is made from its upstream source: that needs
npm, gcc and make, and about a minute, once.
TEXT
}

# What a build depends on, as one digest: names, sizes and times of all files, so that a deleted or an older file counts as a change too.
# A folder that is not there is no fault here; the build knows what it needs.
fingerprint() {
    (cd "$root" && { find "$@" Directory.*.props global.json .editorconfig StreamScorer.sln -type f -printf '%p %s %T@\n' 2>/dev/null || true; } | LC_ALL=C sort | sha256sum)
}

need_sdk() {
    command -v dotnet >/dev/null || die "the .NET 10 SDK is missing. Get it from https://dotnet.microsoft.com/download/dotnet/10.0 and put dotnet on the PATH."
    (cd "$root" && dotnet --version) >/dev/null 2>&1 || die "dotnet is here, but not the .NET 10 SDK that global.json asks for ($(dotnet --list-sdks | cut -d' ' -f1 | paste -sd' ')). Get it from https://dotnet.microsoft.com/download/dotnet/10.0."
}

# dotnet_quiet ARGS...: its output goes to the log. The lock's descriptor stays here: a compiler server would hold it for minutes.
dotnet_quiet() { (cd "$root" && dotnet "$@" --nologo -v quiet >"$log" 2>&1 9>&-); }

# Of the packages that eng/feed.sh can make, those that the last restore missed.
missed() { grep -E 'NU1101|NU1102|NU1103|NU1603' "$log" | grep -oE 'librdkafka\.redist|Microsoft\.ML\.OnnxRuntime' | LC_ALL=C sort -u; }

report_failure() {
    if ! grep -E ': (error|warning) ' "$log" | sed -E 's/ \[[^]]*\]$//' | LC_ALL=C sort -u | head -40 >&2; then tail -40 "$log" >&2; fi
    if grep -q NU1301 "$log"; then say "the NuGet source did not answer. Check it: dotnet nuget list source"; fi
    die "$1 failed; the whole log is $log"
}

# with_feed WHAT ARGS...: dotnet ARGS; if it misses packages that eng/feed.sh can make, once more with those.
with_feed() {
    local what=$1 missing made=(); shift
    if [ -d "$artifacts/feed" ]; then "$root/eng/feed.sh" 9>&-; fi # up to date, or made anew: a matter of milliseconds or of a changed recipe
    until dotnet_quiet "$@"; do
        mapfile -t missing < <(missed | grep -vxF "$(printf '%s\n' "${made[@]:-}")") # what was made and is missed all the same, no second turn makes good
        if [ ${#missing[@]} = 0 ]; then report_failure "$what"; fi
        say "the NuGet source lacks ${missing[*]}; made from upstream source now (eng/feed.sh, once, about a minute)"
        "$root/eng/feed.sh" "${missing[@]}" 9>&-
        made+=("${missing[@]}")
    done
}

# once NAME OUTPUT "INPUTS" WHAT ARGS...: with_feed WHAT ARGS, unless nothing of INPUTS changed since it last succeeded and OUTPUT is there.
once() {
    local stamp=$artifacts/stamps/$1 output=$2 inputs now what=$4
    read -ra inputs <<<"$3"; shift 4
    now=$(fingerprint "${inputs[@]}")
    if fresh; then return; fi
    need_sdk
    mkdir -p "$artifacts/stamps"
    exec 9>"$artifacts/build.lock"
    if ! flock -n 9; then say "waiting for another build to end"; flock 9; fi
    now=$(fingerprint "${inputs[@]}") # taken before the build: what is edited meanwhile is built next time
    if ! fresh; then
        say "$what..."
        rm -f "$stamp"
        with_feed "$what" "$@"
        printf '%s' "$now" >"$stamp"
    fi
    exec 9>&-
}
fresh() { [ -e "$output" ] && [ -e "$stamp" ] && [ "$(<"$stamp")" = "$now" ]; }

# The trial runner starts the worker and modeltool as they are built.
soak() {
    once StreamScorer "$artifacts/bin/StreamScorer/release/streamscorer.dll" "$code" "building StreamScorer" build src/StreamScorer/StreamScorer.csproj -c Release
    once ModelTool "$artifacts/bin/ModelTool/release/modeltool.dll" "$code" "building ModelTool" build src/ModelTool/ModelTool.csproj -c Release
    program bench/soak/Soak.csproj Soak soak "bench/soak" "$@"
}

# program PROJECT FOLDER ASSEMBLY INPUTS ARGS...: becomes the program, so that signals and the exit code are its own.
program() {
    local project=$1 dll=$artifacts/bin/$2/release/$3.dll
    [ -f "$root/$project" ] || die "$project is not there"
    once "$2" "$dll" "$4" "building $2" build "$project" -c Release
    shift 4
    exec dotnet "$dll" "$@"
}

code="src models samples docs"

test_all() {
    local names=() args=() passed=0 failed=0 skipped=0 all=false project name results
    while [ $# -gt 0 ] && [[ $1 != -* ]]; do names+=("${1%.Tests}.Tests"); shift; done
    args=("$@")
    if [ ${#names[@]} = 0 ]; then
        all=true
        for project in "$root"/tests/*/*.csproj; do names+=("$(basename "$project" .csproj)"); done
    fi
    for name in "${names[@]}"; do
        [ -f "$root/tests/$name/$name.csproj" ] || die "there is no test project $name. There are: $(cd "$root/tests" && echo *.Tests)"
        if ! $all; then once "$name" "$(test_dll "$name")" "$code tests bench" "building $name" build "tests/$name/$name.csproj" -c Release; fi
    done
    if $all; then once solution "$(test_dll "${names[-1]}")" "$code tests bench" "building the solution" build StreamScorer.sln -c Release; fi
    results=$(mktemp -d "$artifacts/test-results.XXXXXX")
    # shellcheck disable=SC2064 # the folder's name is known now and gone later
    trap "rm -rf '${results//\'/\'\\\'\'}'" EXIT
    trap 'exit 130' INT
    for name in "${names[@]}"; do test_one; done
    case " ${args[*]} " in *" --help "* | *" --info "* | *" --list-tests "*) return ;; esac
    if [ $((passed + failed)) = 0 ]; then say "no test ran"; fi
    printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

test_dll() { printf '%s' "$artifacts/bin/$1/release/$1.dll"; }

# Exit code 8 means that no test ran, which is no fault of a project: a filter may leave none. The sum decides.
test_one() {
    local code=0 report=$results/$name.json counts
    (cd "$root" && exec dotnet "$(test_dll "$name")" --no-progress --results-directory "$results" --report-ctrf --report-ctrf-filename "$name.json" "${args[@]}") || code=$?
    counts=$(grep -oE '"summary":\{[^}]*\}' "$report" 2>/dev/null | tail -1) || counts=
    count() { grep -oE "\"$1\":[0-9]+" <<<"$counts" | grep -oE '[0-9]+' || echo 0; }
    passed=$((passed + $(count passed))); skipped=$((skipped + $(count skipped)))
    local bad; bad=$(count failed); failed=$((failed + bad))
    if [ "$code" != 0 ] && [ "$code" != 8 ] && [ "$bad" = 0 ]; then
        say "$name ended with exit code $code though no test of it is reported as failed; counted as one failure"
        failed=$((failed + 1))
    fi
}

# restore_projects FOLDER...
restore_projects() {
    local folder name
    for folder in "$@"; do
        name=$(basename "$folder")
        [ -f "$root/$folder/$name.csproj" ] || die "there is no project $folder/$name.csproj"
        once "restore-$name" "$artifacts/obj/$name/project.assets.json" "src eng/packages" "restoring packages of $name" restore "$folder"
    done
}

format() {
    local check=()
    if [ "${1:-}" = --check ]; then check=(--verify-no-changes); shift; fi
    once restore "$artifacts/obj/StreamScorer/project.assets.json" "$code tests bench" "restoring packages" restore StreamScorer.sln
    cd "$root" && exec dotnet format StreamScorer.sln --no-restore "${check[@]}" "$@"
}

verb=${1:-help}
if [ $# -gt 0 ]; then shift; fi
case $verb in
    demo) program src/StreamScorer/StreamScorer.csproj StreamScorer streamscorer "$code" demo "$@" ;;
    run) program src/StreamScorer/StreamScorer.csproj StreamScorer streamscorer "$code" "$@" ;;
    modeltool) program src/ModelTool/ModelTool.csproj ModelTool modeltool "$code" "$@" ;;
    bench) program bench/Bench.csproj Bench bench "$code bench" "$@" ;;
    trial) soak trial "$@" ;;
    soak) soak "$@" ;;
    test) test_all "$@" ;;
    format) format "$@" ;;
    restore) restore_projects "$@" ;;
    pack) need_sdk; restore_projects src/StreamScorer src/ModelTool; exec "$root/eng/pack.sh" "$@" ;;
    audit) need_sdk; restore_projects src/StreamScorer src/ModelTool; exec "$root/eng/audit.sh" "$@" ;;
    help | -h | --help) usage ;;
    *) say "there is no verb '$verb'; ./build.sh help lists them"; exit 2 ;;
esac
