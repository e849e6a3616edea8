#!/bin/sh
# Unpacks a bundle and starts it where no Java can be found: bundle/start-check.sh FILE CHECKOUT
# Of the machine it sees the few programs that the launcher calls, and nothing of the environment.
set -eu
bundle=$1
checkout=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() {
    echo "bundle: $1" >&2
    exit 1
}

tar -xJf "$bundle" -C "$folder"
mkdir "$folder/bin" "$folder/home"
for program in sh sed dirname readlink; do
    ln -s "$(command -v $program)" "$folder/bin/$program"
done
osteon() {
    env -i HOME="$folder/home" PATH="$folder/bin" "$folder/osteon-bundle/osteon" "$@" >"$folder/out" 2>"$folder/err" ||
        { cat "$folder/out" "$folder/err" >&2; fail "osteon $1 ended with an error"; }
}

env -i PATH="$folder/bin" sh -c 'command -v java' >/dev/null && fail "this check is void: its PATH has a java"
if grep -rIlF "$checkout/" "$folder/osteon-bundle" >"$folder/out"; then
    cat "$folder/out" >&2
    fail "these files name the folder that they were built in"
fi

for jar in "$folder"/osteon-bundle/lib/*.jar; do
    name=$(basename "$jar" | sed 's/-[0-9].*//')
    case $name in osteon | osteon-*) continue ;; esac
    grep -q ":$name |" "$folder/osteon-bundle/THIRD-PARTY.md" || fail "THIRD-PARTY.md does not name $name"
done
for text in $(sed -n 's/.*](\(licenses[^)]*\)).*/\1/p' "$folder/osteon-bundle/THIRD-PARTY.md") \
    runtime/legal/java.base/LICENSE; do
    [ -s "$folder/osteon-bundle/$text" ] || fail "$text is missing"
done

osteon --help
grep -q 'Usage: osteon' "$folder/out" || fail "osteon --help shows no usage"
osteon doctor
grep -q "Java.*$folder/osteon-bundle/runtime" "$folder/out" || fail "another Java than the bundle's was started"
grep -q 'device cpu *works: oneDNN' "$folder/out" || fail "oneDNN does not work: $(cat "$folder/out")"
grep 'device cuda' "$folder/out"
osteon verify --device cpu --family operations
tail -n 1 "$folder/out"
osteon run --preset smoke --device cpu --out "$folder/run" data.subjects=24 pretrain.epochs=1 probe.epochs=5 \
    evaluation.resamples=20
for file in report.html metrics.json curves.csv; do
    [ -s "$folder/run/$file" ] || fail "the run left no $file"
done
echo "bundle: $(($(wc -c <"$bundle") >> 20)) MiB, starts without Java"
