#!/usr/bin/env bash
# Makes the NuGet packages that some package sources lack, from the same upstream bits in the npm registry:
# librdkafka (built from source), ONNX Runtime's C# binding (compiled from source), its native runtime with the CUDA provider.
# Idempotent: a package that is in artifacts/feed is not made again. Needs .NET, npm, gcc and make.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
feed=$root/artifacts/feed
work=$root/artifacts/feed-work
projects=$root/eng/packages
cores=$(nproc 2>/dev/null || echo 2)

say() { printf '%s\n' "$*" >&2; }
die() { say "eng/feed.sh: $*"; exit 1; }
has() { [ -f "$feed/$1.nupkg" ]; }

# fetch NAME VERSION SHA256: downloads an npm package, checks its digest, prints the file's path.
fetch() {
  local file; file=$work/$(printf '%s' "$1" | tr -d @ | tr / -)-$2.tgz
  if ! printf '%s  %s\n' "$3" "$file" | sha256sum -c --status 2>/dev/null; then
    (cd "$work" && npm pack --silent "$1@$2" >/dev/null) || die "npm cannot fetch $1@$2. Check that npm reaches its registry: npm view $1@$2 version"
    printf '%s  %s\n' "$3" "$file" | sha256sum -c --status || die "the digest of $1@$2 is not the expected one; the download was not used"
  fi
  printf '%s' "$file"
}

# pack PROJECT ARGS...: packs one project of eng/packages into the feed. Copied first, so no obj/ appears in the source tree.
pack() {
  local build=$work/pack/$1; shift_args=("${@:2}")
  rm -rf "$build"; mkdir -p "$build"
  cp "$projects/Directory.Build.props" "$projects/Directory.Packages.props" "$projects/$1.csproj" "$build"
  dotnet pack "$build/$1.csproj" -c Release --nologo -v quiet -o "$work/out" -p:UseArtifactsOutput=false "-p:RestoreAdditionalProjectSources=$feed" "${shift_args[@]}" >"$work/pack.log" 2>&1 \
    || { cat "$work/pack.log" >&2; die "packing $1 failed"; }
  mv "$work/out/$1."*.nupkg "$feed/"
}

need_debian() {
  dpkg -s "$@" >/dev/null 2>&1 && return
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || die "librdkafka needs the development files of openssl, zlib and zstd. On Debian: apt-get install $*"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; } >"$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; die "apt-get could not install $*"; }
}

librdkafka() {
  say "feed: building librdkafka 2.15.1 from source (about a minute)"
  local tgz; tgz=$(fetch @confluentinc/kafka-javascript 1.10.1 ada7d703bb1d3237e2292bfabf438d663b6160c9f1ac2a2406b5dc4257c81b66)
  need_debian libssl-dev zlib1g-dev libzstd-dev
  local src=$work/librdkafka; rm -rf "$src"; mkdir -p "$src" "$work/native-rdkafka"
  tar xzf "$tgz" -C "$src" --strip-components=3 package/deps/librdkafka
  # zstd is linked in, so that the result needs only libssl, libz and libc. The log stays out of the source folder: its configure loads files called configure.*
  (cd "$src" && STATIC_LIB_libzstd=$(gcc -print-file-name=libzstd.a) ./configure --enable-ssl --enable-zlib --enable-zstd \
      --disable-gssapi --disable-curl --disable-lz4-ext --disable-debug-symbols --no-download && make -j"$cores" -C src librdkafka.so.1) >"$work/librdkafka.log" 2>&1 \
    || { tail -30 "$work/librdkafka.log" >&2; die "librdkafka did not build; the whole log is artifacts/feed-work/librdkafka.log"; }
  strip --strip-unneeded -o "$work/native-rdkafka/librdkafka.so" "$src/src/librdkafka.so.1"
  pack librdkafka.redist "-p:NativeFolder=$work/native-rdkafka"
}

onnxruntime_managed() {
  say "feed: compiling ONNX Runtime's C# binding 1.29.0"
  local tgz; tgz=$(fetch com.github.asus4.onnxruntime 0.4.9 e59788788818fdde1b2e522e766a21ba0f7d8391de55737abf81e32cc801785d)
  rm -rf "$work/onnxruntime-cs"; mkdir -p "$work/onnxruntime-cs"
  tar xzf "$tgz" -C "$work/onnxruntime-cs" --strip-components=2 --wildcards 'package/Runtime/*.cs'
  pack Microsoft.ML.OnnxRuntime.Managed "-p:SourceFolder=$work/onnxruntime-cs"
}

onnxruntime_native() {
  say "feed: packing ONNX Runtime 1.29.0 with its CUDA provider (about 300 MB to download)"
  local core cuda native=$work/native-onnxruntime
  core=$(fetch onnxruntime-node 1.29.0 cfdfb45ec4044b1fdca43e5d2e180fb6817e649ff8ad1e0dfc90e18e51b67037)
  cuda=$(fetch com.github.asus4.onnxruntime.linux-x64-gpu 0.4.9 2b459e0c17f340c92970c10ed86de4f37a3009f93c14053e6ad4334cbb6be412)
  rm -rf "$native"; mkdir -p "$native"
  tar xzf "$core" -C "$native" --strip-components=5 package/bin/napi-v6/linux/x64/libonnxruntime.so.1
  mv "$native/libonnxruntime.so.1" "$native/libonnxruntime.so" # a PackagePath that renames would make a folder of that name
  tar xzf "$cuda" -C "$native" --strip-components=4 package/Plugins/Linux/x64/libonnxruntime_providers_cuda.so package/Plugins/Linux/x64/libonnxruntime_providers_shared.so
  pack Microsoft.ML.OnnxRuntime.Gpu "-p:NativeFolder=$native"
}

for tool in dotnet npm gcc make tar sha256sum; do
  command -v "$tool" >/dev/null || die "$tool is missing. On Debian: apt-get install build-essential npm; the .NET 10 SDK: see README.md"
done
mkdir -p "$feed" "$work"
has librdkafka.redist.2.15.1 || librdkafka
has Microsoft.ML.OnnxRuntime.Managed.1.29.0 || onnxruntime_managed
has Microsoft.ML.OnnxRuntime.Gpu.1.29.0 || onnxruntime_native
rm -rf "$work"
say "feed: ready in artifacts/feed"
