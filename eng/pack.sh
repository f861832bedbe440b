#!/usr/bin/env bash
# Called by build.sh pack: streamscorer and modeltool with model, samples and documents as one archive that needs only the .NET 10 and
# ASP.NET Core runtimes. The CUDA provider, 230 MB unpacked, goes along with --cuda only: without it the programs run on the CPU.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
artifacts=$root/artifacts
out=$artifacts/pack
log=$artifacts/pack.log

say() { printf 'pack: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

cuda=false
for argument in "$@"; do
    case $argument in
        --cuda) cuda=true ;;
        *) die "there is no option '$argument'; there is --cuda" ;;
    esac
done

version=$(cd "$root" && dotnet msbuild src/StreamScorer/StreamScorer.csproj -getProperty:Version)
name=streamscorer-$version-linux-x64
mkdir -p "$out"
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
folder=$work/$name

# A folder of its own for intermediate files: a restore for one platform would undo the ordinary one.
for project in ModelTool StreamScorer; do
    (cd "$root" && dotnet publish "src/$project/$project.csproj" -c Release -r linux-x64 --self-contained false -o "$folder" --nologo -v quiet \
        "-p:ArtifactsPath=$artifacts/pack-build" -p:DebugType=none -p:PublishDocumentationFiles=false -p:RunAnalyzers=false -p:SatelliteResourceLanguages=en) >"$log" 2>&1 \
        || { grep -E ': error ' "$log" | sort -u >&2 || tail -40 "$log" >&2; die "publishing $project failed; the whole log is $log"; }
done
$cuda || find "$folder" -name libonnxruntime_providers_cuda.so -delete

for part in models samples docs deploy README.md LICENSE NOTICE; do
    if [ -e "$root/$part" ]; then cp -R "$root/$part" "$folder/"; fi
done

rm -f "$folder/deploy/Dockerfile" # it builds from source

# The archive's own trial, from a folder that has nothing to do with the source.
try() { (cd "$work" && "$@") >"$log" 2>&1 || { tail -20 "$log" >&2; die "the packed program fails: $*"; }; }
archive=$work/$name.tar.gz
tar czf "$archive" --sort=name --owner=0 --group=0 --numeric-owner -C "$work" "$name"
mkdir "$work/elsewhere"
tar xzf "$archive" -C "$work/elsewhere"
DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")
export DOTNET_ROOT
try "$work/elsewhere/$name/streamscorer" --help
try "$work/elsewhere/$name/modeltool" --help
if [ -d "$root/models" ]; then
    try "$work/elsewhere/$name/streamscorer" score "a first text"
    grep -q '"heads"' "$log" || die "the packed program prints no score: $(head -c 300 "$log")"
fi
mv -f "$archive" "$out/"
say "artifacts/pack/$name.tar.gz, $(du -h "$out/$name.tar.gz" | cut -f1), $($cuda && echo "with" || echo "without") the CUDA provider; it starts from another folder"
