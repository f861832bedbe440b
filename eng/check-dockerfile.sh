#!/usr/bin/env bash
# Runs deploy/Dockerfile without a container engine, as root: every instruction of both stages, in a chroot over a throw-away layer of this
# machine's own file system, so that nothing of this machine changes. What it cannot show: that the base images exist and hold what they
# should; this machine stands in for them (its .NET SDK, its Debian or Ubuntu). Packages that its release calls otherwise are left out, and named.
# Needs about 4 GB of free memory for the layer; --layer FOLDER takes a folder on a mounted file system other than / instead.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf 'check-dockerfile: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

[ "$(id -u)" = 0 ] || die "needs root, for an overlay mount and a chroot"
if [ "${1:-}" != --inside ]; then
    exec unshare --mount --propagation private "$0" --inside "$@"
fi
shift

base=$(mktemp -d)
trap 'umount -R "$base/root" 2>/dev/null; umount "$base" 2>/dev/null; rmdir "$base"' EXIT
mount -t tmpfs -o size=8g tmpfs "$base"
mkdir "$base"/{upper,work,root,context}
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" "$base/root"
for folder in proc dev sys; do mount --rbind "/$folder" "$base/root/$folder"; done
mount -t tmpfs tmpfs "$base/root/tmp"
# The daemon's view of the context: what git knows or would add, less .dockerignore; a clean clone has nothing else.
(cd "$root" && git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done \
    | tar c --null -T - | tar x -C "$base/context")
rm -rf "$base/context/.ci"

# APP_UID comes with the .NET images. An empty package folder: what this machine has cached must not help.
declare -A variables=([APP_UID]=1654 [NUGET_PACKAGES]=/tmp/nuget)
directory=/
user=0

inside() { # COMMAND...: in the chroot, in the current directory, with a bare environment
    local pairs=() key
    for key in "${!variables[@]}"; do pairs+=("$key=${variables[$key]}"); done
    # shellcheck disable=SC2016 # for the inner shell to expand
    env -i PATH="$PATH" HOME=/root LANG=C.UTF-8 ${HTTPS_PROXY:+HTTPS_PROXY="$HTTPS_PROXY"} "${pairs[@]}" \
        chroot --userspec="$user:$user" "$base/root" /bin/bash -c 'cd "$0" && exec "$@"' "$directory" "$@"
}

copy() { # SOURCE... DESTINATION, relative to the context, or to the chroot with --from
    local from=$base/context target sources
    if [[ $1 == --from=* ]]; then from=$base/root; shift; fi
    target=${*: -1}; sources=("${@:1:$#-1}")
    [[ $target == /* ]] || target=$directory/$target
    mkdir -p "$base/root$target"
    for source in "${sources[@]}"; do
        source=$from/$source
        [ "$(realpath -m "$source")" = "$(realpath -m "$base/root$target")" ] && continue # one root serves both stages
        if [ -d "$source" ]; then cp -R "$source/." "$base/root$target"; else cp "$source" "$base/root$target"; fi
    done
}

without_unknown_packages() { # an apt-get command less the packages that this release does not have, or has from elsewhere
    local word words=()
    for word in $1; do
        if [[ $word =~ ^[a-z0-9][a-z0-9.+-]+$ ]] && [[ " ${1#*install } " == *" $word "* ]] && [[ $word != install && $word != rm ]]; then
            if [ "$word" = npm ] && command -v npm >/dev/null; then say "left out: npm, which is here already"; continue; fi
            if ! apt-cache show "$word" >/dev/null 2>&1; then say "left out: $word, which this release does not have"; continue; fi
        fi
        words+=("$word")
    done
    printf '%s' "${words[*]}"
}

instruction() {
    local verb=${1%% *} rest=${1#* } pair command
    say "$1"
    # shellcheck disable=SC2086 # COPY takes words, as in the Dockerfile
    case $verb in
        FROM) directory=/; user=0 ;;
        WORKDIR) directory=$rest; mkdir -p "$base/root$rest" ;;
        COPY) copy $rest ;;
        ENV | ARG) pair=$rest; variables[${pair%%=*}]=${pair#*=} ;;
        USER) user=$(eval "APP_UID=${variables[APP_UID]}; echo $rest") ;;
        RUN)
            if [[ $rest == apt-get* ]]; then rest=$(without_unknown_packages "$rest"); fi
            inside /bin/sh -ec "$rest" || die "failed: RUN $rest"
            ;;
        ENTRYPOINT) mapfile -t entry < <(jq -r '.[]' <<<"$rest") ;;
        HEALTHCHECK) command=${rest##*CMD }; mapfile -t health < <(jq -r '.[]' <<<"$command") ;;
        EXPOSE | CMD) ;;
        *) die "this script does not know the instruction $verb" ;;
    esac
}

while IFS= read -r line; do instruction "$line"; done < <(sed -E '/^[[:space:]]*#/d; /^[[:space:]]*$/d' "$root/deploy/Dockerfile" | sed -E ':a; /\\$/{N; s/\\\n[[:space:]]*//; ba}')

say "entry point, as user $user: ${entry[*]}"
inside "${entry[@]}" --help >/dev/null || die "the entry point does not start"
inside "${entry[@]}" score "a first text" | grep -q '"heads"' || die "the entry point does not score"
# Nothing listens on the port, so the check must answer unhealthy, and not fail to run.
code=0
inside "${health[@]}" >/dev/null 2>&1 || code=$?
[ "$code" = 1 ] || die "the health check ends with exit code $code where nothing listens"
say "all instructions ran; the image's program starts and scores as user $user"
