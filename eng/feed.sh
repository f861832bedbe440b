#!/usr/bin/env bash
# Makes the NuGet packages that some package sources lack, from the same upstream bits in the npm registry:
# librdkafka (built from source), ONNX Runtime's C# binding (compiled from source), its native runtime with the CUDA provider.
#   feed.sh PACKAGE...   makes these, by their ids; without any: makes those anew that it once made and whose recipe has changed
# Idempotent: a package of the same recipe in artifacts/feed is not made again, and a verified download is not fetched again after
# an interruption. Writes below artifacts/ only; as root on Debian it installs the development files that librdkafka needs.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
feed=$root/artifacts/feed
work=$root/artifacts/feed-work
projects=$root/eng/packages

# name, version and SHA-256 of each upstream package
kafka_source=(@confluentinc/kafka-javascript 1.10.1 ada7d703bb1d3237e2292bfabf438d663b6160c9f1ac2a2406b5dc4257c81b66)
onnx_source=(com.github.asus4.onnxruntime 0.4.9 e59788788818fdde1b2e522e766a21ba0f7d8391de55737abf81e32cc801785d)
onnx_core=(onnxruntime-node 1.29.0 cfdfb45ec4044b1fdca43e5d2e180fb6817e649ff8ad1e0dfc90e18e51b67037)
onnx_cuda=(com.github.asus4.onnxruntime.linux-x64-gpu 0.4.9 2b459e0c17f340c92970c10ed86de4f37a3009f93c14053e6ad4334cbb6be412)
declare -A id=([librdkafka]=librdkafka.redist [onnxruntime_managed]=Microsoft.ML.OnnxRuntime.Managed [onnxruntime_native]=Microsoft.ML.OnnxRuntime.Gpu)
declare -A version=([librdkafka]=2.15.1 [onnxruntime_managed]=1.29.0 [onnxruntime_native]=1.29.0)
digests="${kafka_source[*]} ${onnx_source[*]} ${onnx_core[*]} ${onnx_cuda[*]}"

say() { printf 'feed.sh: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# recipe STEP: changes with anything that goes into the step's package: the step, its project file, the digests. Comments do not count.
recipe() { { declare -f "$1"; cat "$projects/${id[$1]}.csproj"; printf '%s' "$digests"; } | sha256sum | cut -c1-16; }

# has STEP: its package is in the feed, and of today's recipe.
has() {
    local package=$feed/${id[$1]}.${version[$1]}
    [ -f "$package.nupkg" ] && { [ ! -f "$package.recipe" ] || [ "$(<"$package.recipe")" = "$(recipe "$1")" ]; }
}

# fetch NAME VERSION SHA256: downloads an npm package, checks its digest, prints the file's path.
fetch() {
    local file folder
    file=$work/downloads/$(printf '%s' "$1" | tr -d @ | tr / -)-$2.tgz
    verified() { printf '%s  %s\n' "$3" "$file" | sha256sum -c --status 2>/dev/null; }
    if verified "$@"; then printf '%s' "$file"; return; fi
    folder=$(mktemp -d "$work/fetch.XXXXXX")
    (cd "$folder" && npm pack --ignore-scripts --loglevel error "$1@$2" >npm.log 2>&1) \
        || { tail -5 "$folder/npm.log" >&2; die "npm cannot fetch $1@$2. Check that npm reaches its registry: npm view $1@$2 version"; }
    mv "$folder"/*.tgz "$file"
    rm -rf "$folder"
    verified "$@" || { rm -f "$file"; die "the digest of $1@$2 is not the one in eng/feed.sh; the download is refused"; }
    printf '%s' "$file"
}

# pack STEP PROPERTY: packs the step's project of eng/packages into the feed. Copied first, so that no obj/ appears in the source tree.
# The recipe goes along as a tag, by which a stale copy in the user's package folder is known later.
pack() {
    local package=${id[$1]} build=$work/pack/$1 tag; tag=$(recipe "$1")
    rm -rf "$build"; mkdir -p "$build"
    cp "$projects/Directory.Build.props" "$projects/Directory.Packages.props" "$projects/$package.csproj" "$build"
    NUGET_PACKAGES=$work/nuget dotnet pack "$build/$package.csproj" -c Release --nologo -v quiet -o "$build/out" -p:UseArtifactsOutput=false \
        "-p:PackageTags=recipe-$tag" "-p:RestoreAdditionalProjectSources=$feed" "$2" >"$build/pack.log" 2>&1 || { cat "$build/pack.log" >&2; die "packing $package failed"; }
    printf '%s' "$tag" >"$feed/$package.${version[$1]}.recipe"
    mv "$build/out/$package.${version[$1]}.nupkg" "$feed/"
}

# NuGet never replaces a version that it has unpacked once, so one of ours with another recipe must go. Public packages are left alone.
forget_stale() {
    local name=${id[$1],,} cached nuspec
    cached=${NUGET_PACKAGES:-$HOME/.nuget/packages}/$name/${version[$1]}
    nuspec=$cached/$name.nuspec
    grep -qs '<authors>eng/feed.sh</authors>' "$nuspec" && grep -q '<tags>recipe-' "$nuspec" || return 0
    if ! grep -q "<tags>recipe-$(recipe "$1")</tags>" "$nuspec"; then
        say "removing $cached, which another recipe made"
        rm -rf "$cached"
    fi
}

# need_tools TOOL...: these besides those of every step.
need_tools() {
    local missing=() tool
    [ "$(uname -sm)" = "Linux x86_64" ] || die "packages are made for Linux on x86-64 only. Elsewhere use a NuGet source that has librdkafka.redist and Microsoft.ML.OnnxRuntime.Gpu."
    for tool in dotnet npm tar sha256sum "$@"; do command -v "$tool" >/dev/null || missing+=("$tool"); done
    [ ${#missing[@]} = 0 ] || die "missing: ${missing[*]}. On Debian: apt-get install build-essential npm; the .NET 10 SDK: https://dotnet.microsoft.com/download/dotnet/10.0"
}

has_headers() {
    printf '#include <openssl/ssl.h>\n#include <zlib.h>\n#include <zstd.h>\n' | gcc -E - >/dev/null 2>&1 && [ -f "$(gcc -print-file-name=libzstd.a)" ]
}

need_headers() {
    local packages="libssl-dev zlib1g-dev libzstd-dev"
    if has_headers; then return; fi
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        die "librdkafka needs the development files of openssl, zlib and zstd (static). On Debian: apt-get install $packages"
    fi
    say "installing $packages"
    # shellcheck disable=SC2086 # a list of words
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } >"$work/apt.log" 2>&1 \
        || { tail -20 "$work/apt.log" >&2; die "apt-get could not install $packages"; }
    has_headers || die "$packages are installed, and yet gcc finds no openssl/ssl.h, zlib.h, zstd.h or libzstd.a"
}

librdkafka() {
    need_tools gcc make strip
    need_headers
    local tgz src=$work/librdkafka native=$work/native-rdkafka
    tgz=$(fetch "${kafka_source[@]}")
    if [[ $src = *[[:space:]]* ]]; then # its configure cannot bear a space in its path
        src=$(mktemp -d)
        # shellcheck disable=SC2064 # the name is known now, and gone at the exit
        trap "rm -rf '$src'" EXIT
    fi
    rm -rf "$src" "$native"; mkdir -p "$src" "$native"
    tar xzf "$tgz" -C "$src" --strip-components=3 package/deps/librdkafka
    # zstd is linked in, so that the result needs only libssl, libz and libc. The log stays out of the source folder: its configure loads files called configure.*
    (cd "$src" && STATIC_LIB_libzstd=$(gcc -print-file-name=libzstd.a) ./configure --enable-ssl --enable-zlib --enable-zstd \
        --disable-gssapi --disable-curl --disable-lz4-ext --disable-debug-symbols --no-download && make -j"$(nproc)" -C src librdkafka.so.1) >"$work/librdkafka.log" 2>&1 \
        || { tail -30 "$work/librdkafka.log" >&2; die "librdkafka did not build; the whole log is artifacts/feed-work/librdkafka.log"; }
    strip --strip-unneeded -o "$native/librdkafka.so" "$src/src/librdkafka.so.1"
    pack librdkafka "-p:NativeFolder=$native"
}

onnxruntime_managed() {
    local tgz src=$work/onnxruntime-cs
    tgz=$(fetch "${onnx_source[@]}")
    rm -rf "$src"; mkdir -p "$src"
    tar xzf "$tgz" -C "$src" --strip-components=2 --wildcards 'package/Runtime/*.cs'
    pack onnxruntime_managed "-p:SourceFolder=$src"
}

onnxruntime_native() {
    local core cuda native=$work/native-onnxruntime
    core=$(fetch "${onnx_core[@]}")
    cuda=$(fetch "${onnx_cuda[@]}")
    rm -rf "$native"; mkdir -p "$native"
    tar xzf "$core" -C "$native" --strip-components=5 package/bin/napi-v6/linux/x64/libonnxruntime.so.1
    mv "$native/libonnxruntime.so.1" "$native/libonnxruntime.so" # a PackagePath that renames would make a folder of that name
    tar xzf "$cuda" -C "$native" --strip-components=4 package/Plugins/Linux/x64/libonnxruntime_providers_cuda.so package/Plugins/Linux/x64/libonnxruntime_providers_shared.so
    pack onnxruntime_native "-p:NativeFolder=$native"
}

# chain STEP...: makes what is missing, one step after the other.
chain() {
    local step
    for step in "$@"; do
        if has "$step"; then continue; fi
        say "making ${id[$step]} ${version[$step]}"
        "$step"
    done
}

# In a process group of its own, so that an interruption or a failure of the other chain ends compilers and downloads too.
# Without the lock: a compiler server that dotnet leaves behind would hold it.
pids=()
start() {
    set -m
    chain "$@" </dev/null 8>&- &
    pids+=($!)
    set +m
}
stop() {
    local pid
    for pid in "${pids[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
}

# The steps of each chain; the native runtime depends on the binding.
kafka=() onnx=()
if [ $# = 0 ]; then
    for step in "${!id[@]}"; do
        if [ -f "$feed/${id[$step]}.${version[$step]}.nupkg" ]; then set -- "$@" "${id[$step]}"; fi
    done
fi
for package in "$@"; do
    case $package in
        librdkafka.redist) kafka=(librdkafka) ;;
        Microsoft.ML.OnnxRuntime*) onnx=(onnxruntime_managed onnxruntime_native) ;;
        *) die "there is no recipe for $package. There are: $(printf '%s\n' "${id[@]}" | LC_ALL=C sort | paste -sd' ')" ;;
    esac
done
complete=true
for step in "${kafka[@]}" "${onnx[@]}"; do has "$step" || complete=false; done
if ! $complete; then
    need_tools
    mkdir -p "$feed" "$work/downloads"
    export npm_config_cache=$work/npm-cache npm_config_update_notifier=false DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
    exec 8>"$root/artifacts/feed.lock"
    if ! flock -n 8; then say "waiting for another run"; flock 8; fi
    trap stop EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    started=$SECONDS
    for steps in "${kafka[*]}" "${onnx[*]}"; do
        # shellcheck disable=SC2086 # a list of words
        if [ -n "$steps" ]; then start $steps; fi
    done
    for _ in "${pids[@]}"; do wait -n || exit 1; done
    pids=()
    rm -rf "$work"
    exec 8>&-
fi
for step in "${!id[@]}"; do forget_stale "$step"; done
$complete || say "ready in artifacts/feed, after $((SECONDS - started)) s"
