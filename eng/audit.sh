#!/usr/bin/env bash
# The packages that the two programs are made of: names, versions, licences (standard output, one a line), and whether one has a known
# vulnerability. Fails when one has. A source that has no data on vulnerabilities would report none, so first it is asked for one that is
# known; where it does not know that one, this says so, and fails with --strict.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
projects=(src/StreamScorer src/ModelTool)
canary=(Newtonsoft.Json 12.0.1) # GHSA-5crp-9r3c-p9vr

say() { printf 'audit: %s\n' "$*" >&2; }
vulnerable() { dotnet list "$1" package --vulnerable --include-transitive 2>&1 | grep -E '^ +> ' || true; }

# nuspec_licence FILE: an expression, else the name of the file in the package, else the address.
nuspec_licence() {
    sed -nE 's/.*<license type="expression"[^>]*>([^<]+)<.*/\1/p; t; s/.*<license type="file"[^>]*>([^<]+)<.*/file \1/p; t; s/.*<licenseUrl>([^<]+)<.*/\1/p' "$1" | head -1
}

list() {
    local project folder path nuspec
    for project in "${projects[@]}"; do
        folder=$(sed -nE '/"packageFolders"/,/\}/ s/^ +"(.+)": \{\},?$/\1/p' "$root/artifacts/obj/$(basename "$project")/project.assets.json" | head -1)
        while read -r path; do
            nuspec=$(find "$folder/$path" -maxdepth 1 -name '*.nuspec' | head -1)
            printf '%s\t%s\n' "$(sed -nE 's/.*<id>([^<]+)<.*/\1/p' "$nuspec" | head -1) ${path##*/}" "$(nuspec_licence "$nuspec")"
        done < <(sed -nE 's/^ +"path": "([^"\/]+\/[^"\/]+)",?$/\1/p' "$root/artifacts/obj/$(basename "$project")/project.assets.json" | grep -v csproj)
    done | LC_ALL=C sort -u
}

knows_canary() {
    local folder found; folder=$(mktemp -d)
    # shellcheck disable=SC2064 # the name is known now, and gone at the exit
    trap "rm -rf '$folder'" EXIT
    cat >"$folder/canary.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
<ItemGroup><PackageReference Include="${canary[0]}" Version="${canary[1]}" /></ItemGroup></Project>
XML
    dotnet restore "$folder" >/dev/null 2>&1 || true
    found=$(vulnerable "$folder/canary.csproj")
    [ -n "$found" ]
}

list
code=0
for project in "${projects[@]}"; do
    found=$(vulnerable "$root/$project")
    if [ -n "$found" ]; then
        say "$project has packages with known vulnerabilities; raise their versions in Directory.Packages.props:"
        printf '%s\n' "$found" >&2
        code=1
    fi
done
if knows_canary; then
    [ $code != 0 ] || say "no package has a known vulnerability"
elif [ "${1:-}" = --strict ]; then
    say "NOT AUDITED: the NuGet source has no data on vulnerabilities (it does not report ${canary[*]}, which has one). Name one that has: nuget.config, auditSources"
    code=1
else
    say "NOT AUDITED: the NuGet source has no data on vulnerabilities (it does not report ${canary[*]}, which has one)"
fi
exit $code
