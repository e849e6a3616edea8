# How our Java programs are started, read by `osteon` and `bench/launch`; $root is the folder of both.
# A bundle brings its Java runtime in runtime/; a checkout looks for a JDK.
# OSTEON_JAVA names a JDK to use; OSTEON_OPTS adds options for the Java virtual machine.
needed=25

in_bundle() {
    [ -d "$root/runtime" ]
}

# Prints the major version of the JDK in folder $1, nothing if there is none.
version_of() {
    [ -x "$1/bin/java" ] || return 0
    if [ -r "$1/release" ]; then
        sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
    else
        "$1/bin/java" -version 2>&1 | sed -n '1s/.*"\([0-9]*\).*/\1/p'
    fi
}

find_jdk() {
    on_path=$(command -v java 2>/dev/null || true)
    if [ -n "$on_path" ]; then on_path=$(readlink -f "$on_path" 2>/dev/null || echo "$on_path"); fi
    mac=$(/usr/libexec/java_home -v "$needed+" 2>/dev/null || true)
    for home in "${OSTEON_JAVA:-}" "${JAVA_HOME:-}" /usr/lib/jvm/* "$mac" "${on_path%/bin/java}"; do
        [ -n "$home" ] || continue
        version=$(version_of "$home" || true)
        if [ -n "$version" ] && [ "$version" -ge "$needed" ] 2>/dev/null; then
            printf '%s\n' "$home"
            return 0
        fi
    done
    return 1
}

# Sets $jdk, or says what to install and ends.
require_java() {
    if in_bundle; then
        jdk=$root/runtime
        return 0
    fi
    jdk=$(find_jdk) || {
        echo "osteon: no JDK $needed or newer was found in OSTEON_JAVA, JAVA_HOME, /usr/lib/jvm or PATH." >&2
        echo "Install one, for instance Temurin $needed (https://adoptium.net), and set JAVA_HOME to it." >&2
        exit 2
    }
}

# Whether module $1 was never built, or before a change in one of the modules behind it.
is_stale() {
    marker=$root/$1/target/lib/.built
    shift
    [ -f "$marker" ] || return 0
    for part; do
        sources=$root/$part/src/main
        if [ "$part" = src ]; then sources=$root/src/main; fi
        if [ -n "$(find "$root/pom.xml" "$root/$part/pom.xml" "$sources" -type f -newer "$marker" 2>/dev/null \
            | head -n 1)" ]; then return 0; fi
    done
    return 1
}

# Builds module $1 if it is stale, once for several processes; the modules behind it are those that it is made of.
built() {
    is_stale "$@" || return 0
    mkdir -p "$root/$1/target"
    if command -v flock >/dev/null 2>&1; then
        mkdir -p "$root/src/target"
        exec 9>"$root/src/target/.lock"
        flock 9          # a second process waits here until the first has built
        if is_stale "$@"; then build "$1"; fi
        status=$?
        exec 9>&-
        return $status
    fi
    build "$1"
}

build() {
    echo "Building Osteon: $1 (first use, or sources have changed) …" >&2
    log=$root/$1/target/build.log
    if ! (cd "$root" && JAVA_HOME=$jdk ./mvnw -q -B -DskipTests -Ppeers -pl "$1" -am package >"$log" 2>&1 </dev/null); then
        grep -v '^\[ERROR\] *$' "$log" | head -n 12 >&2
        echo "osteon: the build of $1 failed; the whole log is in $log" >&2
        return 1
    fi
    touch "$root/$1/target/lib/.built"
}

# Hands over to Java: start CLASSPATH CLASS [ARGUMENT …]
start() {
    classpath=$1
    shift
    # A third of the machine's memory for the Java heap: tensors live outside it.
    kib=$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo 2>/dev/null || true)
    heap=""
    if [ -n "$kib" ]; then heap="-Xmx$((kib / 3072))m"; fi
    # Java's "WARNING: Using incubator modules" cannot be turned off: its ModuleBootstrap prints it to standard error
    # whatever -Xlog or an AOT cache say. A filter by lines on standard error would hold back the progress line, too.
    # shellcheck disable=SC2086   # OSTEON_OPTS holds several options
    exec "$jdk/bin/java" $heap -XX:+UseParallelGC --enable-native-access=ALL-UNNAMED \
        --add-modules=jdk.incubator.vector -Djava.awt.headless=true --sun-misc-unsafe-memory-access=allow \
        ${OSTEON_OPTS:-} -cp "$classpath" "$@"
}
