#!/usr/bin/env bash
# Runs deploy/Dockerfile without a container engine, as root: every instruction of the stages that the image needs, in a chroot over a throw-away
# layer of this machine's own file system, so that nothing of this machine changes; then the image's program as compose and Kubernetes start it: its
# user, no capabilities, a read-only root. What it cannot show: that the base images exist and hold what they should; this machine stands in for
# them (its .NET SDK, its Debian or Ubuntu). Packages that its release calls otherwise are left out, and named.
# check-dockerfile.sh [--target STAGE]: the last stage, or cuda. Needs about 4 GB of free memory for the layer, and 4 to 10 minutes.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf 'check-dockerfile: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

[ "$(id -u)" = 0 ] || die "needs root, for an overlay mount and a chroot"
if [ "${1:-}" != --inside ]; then
    exec unshare --mount --propagation private "$0" --inside "$@"
fi
shift
target=
if [ "${1:-}" = --target ]; then target=${2:?which stage}; fi

base=$(mktemp -d)
end() {
    # Servers that a build leaves behind in the chroot would hold it.
    local process
    for process in /proc/[0-9]*; do
        if [[ $(readlink "$process/root" 2>/dev/null) == "$base/root" ]]; then kill "${process#/proc/}" 2>/dev/null || true; fi
    done
    umount -R --lazy "$base/root" 2>/dev/null || true
    umount --lazy "$base" || true
    rmdir "$base" || true
}
trap end EXIT
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
declare -A directory_of=() # a stage goes on where the one that it is made from ended
user=0
network=()  # a command before chroot
confined=() # options of setpriv
become=()   # exec, where the process must be the command itself

inside() { # COMMAND...: in the chroot, in the current directory, with a bare environment
    local pairs=() key
    for key in "${!variables[@]}"; do pairs+=("$key=${variables[$key]}"); done
    # shellcheck disable=SC2016 # for the inner shell to expand
    "${become[@]}" env -i PATH="$PATH" HOME=/root LANG=C.UTF-8 ${HTTPS_PROXY:+HTTPS_PROXY="$HTTPS_PROXY"} "${pairs[@]}" \
        "${network[@]}" chroot "$base/root" setpriv --reuid "$user" --regid "$user" --clear-groups "${confined[@]}" /bin/bash -c 'cd "$0" && exec "$@"' "$directory" "$@"
}

copy() { # SOURCE... DESTINATION, relative to the context, or to the chroot with --from
    local from=$base/context target sources
    if [[ $1 == --from=* ]]; then from=$base/root; shift; fi # one root serves all stages, and stands in for base images
    target=${*: -1}; sources=("${@:1:$#-1}")
    [[ $target == /* ]] || target=$directory/$target
    mkdir -p "$base/root$target"
    for source in "${sources[@]}"; do
        source=$from/$source
        [ "$(realpath -m "$source")" = "$(realpath -m "$base/root$target")" ] && continue
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
        FROM) directory=${directory_of[${rest%% *}]:-/}; user=0; name=${rest##* } ;;
        WORKDIR) directory=$rest; directory_of[$name]=$rest; mkdir -p "$base/root$rest" ;;
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

# Instructions, one a line; for each its stage, by number; for each stage its name and the stages that it is made from.
mapfile -t lines < <(sed -E '/^[[:space:]]*#/d; /^[[:space:]]*$/d' "$root/deploy/Dockerfile" | sed -E ':a; /\\$/{N; s/\\\n[[:space:]]*//; ba}')
stage_of=() names=() parts=()
for line in "${lines[@]}"; do
    case $line in
        "FROM "*) read -r _ from _ name <<<"$line"; names+=("$name"); parts+=("$from") ;;
        "COPY --from="*) from=${line#COPY --from=}; parts[-1]+=" ${from%% *}" ;;
    esac
    stage_of+=($((${#names[@]} - 1)))
done
declare -A needed=()
need() {
    local i part
    for i in "${!names[@]}"; do
        if [ "${names[$i]}" = "$1" ]; then
            needed[$i]=1
            for part in ${parts[$i]}; do need "$part"; done
        fi
    done
}
need "${target:-${names[-1]}}"
[ ${#needed[@]} -gt 0 ] || die "the Dockerfile has no stage $target; it has: ${names[*]}"
for i in "${!lines[@]}"; do
    if [ -n "${needed[${stage_of[$i]}]:-}" ]; then instruction "${lines[$i]}"; fi
done

state=${variables[STREAMSCORER__RECOVER__FOLDER]}
say "entry point, as user $user: ${entry[*]}; /app has $(du -sh "$base/root/app" | cut -f1)"
[ "$(stat -c '%u %a' "$base/root$state")" = "$user 700" ] || die "$state is not the image's user's alone: $(stat -c '%u %a' "$base/root$state")"
provider=$(find "$base/root/app" -name libonnxruntime_providers_cuda.so | wc -l)
[ "$provider" = "$([ "$target" = cuda ] && echo 1 || echo 0)" ] || die "/app has $provider CUDA providers"

# As compose and Kubernetes start it. A volume takes its owner over from the image.
mkdir -m 700 "$base/state" && chown "$user" "$base/state" && mount --bind "$base/state" "$base/root$state"
mount -o remount,ro "$base/root"
confined=(--no-new-privs --bounding-set=-all --inh-caps=-all)
if inside touch /app/written 2>/dev/null; then die "the root file system is not read-only"; fi
inside "${entry[@]}" --help >/dev/null || die "the entry point does not start"
inside "${entry[@]}" score "a first text" | grep -q '"heads"' || die "the entry point does not score"
for _ in 1 2; do inside bash /app/deploy/console-key.sh "$state/console-key" || die "no key for the console page could be made"; done
[[ "$(stat -c '%u %a' "$base/state/console-key") $(<"$base/state/console-key")" =~ ^$user\ 600\ [0-9a-f]{48}$ ]] || die "the console's key is wrong, or not its owner's alone"
# Nothing listens on the port, so the check must answer unhealthy, and not fail to run.
code=0
inside "${health[@]}" >/dev/null 2>&1 || code=$?
[ "$code" = 1 ] || die "the health check ends with exit code $code where nothing listens"

# A worker with the embedded broker, on a network of its own, where the port is free; it remembers what it works on, as run does.
variables[STREAMSCORER__OPERATE__APIKEY_FILE]=$state/console-key
network=(unshare --net bash -c 'ip link set lo up && exec "$@"' -)
become=(exec)
inside "${entry[@]}" demo --rate 20 --set "Operate:Url=${variables[STREAMSCORER__OPERATE__URL]}" --set Recover:Restarts=3 >"$base/demo.log" 2>&1 &
worker=$!
become=()
network=(nsenter "--net=/proc/$worker/ns/net")
for _ in {1..120}; do
    if inside "${health[@]}" >/dev/null 2>&1; then break; fi
    kill -0 "$worker" 2>/dev/null || { tail -5 "$base/demo.log" >&2; die "the worker ended"; }
    sleep 0.5
done
inside "${health[@]}" || die "the health check does not say healthy while the worker is ready"
compgen -G "$base/state/*.json" >/dev/null || die "the worker writes no crash mark to $state"
kill -TERM "$worker"
code=0
wait "$worker" || code=$?
[ "$code" = 0 ] || { tail -5 "$base/demo.log" >&2; die "the worker ended with exit code $code after SIGTERM"; }
say "all instructions ran; as user $user, on a read-only root without capabilities, the program scores, becomes healthy, and ends in order"
