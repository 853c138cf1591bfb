# Sourced by the commands in bin: finds Java and starts a main class.
#
#   launch MAIN_CLASS [ARGUMENT...]
#
# JAVA_HOME chooses the Java, JAVA_OPTS are options for the JVM. MIXER4J_CLASSPATH names a file with the class path
# in place of the jars in this folder, and MIXER4J_NATIVES says whether TensorFlow there is the build for cpu or gpu.

home=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd -P)

fail() {
  printf 'error: %s\n' "$1" >&2
  exit 2
}

find_java() {
  # In the C locale Java takes no path with an umlaut, be it an argument's or this folder's own.
  case $(locale charmap 2>/dev/null) in UTF-8) ;; *) export LC_ALL=C.UTF-8 ;; esac
  if [ -d "$home/jre" ]; then
    java=$home/jre/bin/java
  elif [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
    [ -x "$java" ] || fail "JAVA_HOME is $JAVA_HOME, which has no bin/java; set it to the folder of a Java 17 or newer"
  else
    java=$(command -v java) || fail "no java found; install Java 17 or newer (for example from https://adoptium.net)"
  fi
  # Java says its version in a file, which is quicker to read than to start a JVM. «1.8» is 8.
  local folder
  folder=$(dirname "$(dirname "$(readlink -f "$java")")")
  version=$({ cat "$folder/release" 2>/dev/null || "$java" -version 2>&1; } |
    sed -n -E 's/^(JAVA_VERSION=|[a-z]+ version )"(1\.)?([0-9]+).*/\3/p')
  [ "${version:-0}" -ge 17 ] || fail "$java is Java ${version:-of an unknown version}; Mixer4J needs Java 17 or newer (set JAVA_HOME to one)"
}

find_classpath() {
  if [ -n "${MIXER4J_CLASSPATH:-}" ]; then
    classpath=$(<"$MIXER4J_CLASSPATH")
    archive=${MIXER4J_CLASSPATH%.classpath}
    unset MIXER4J_CLASSPATH # another command that this one starts has its own
    return
  fi
  case $home in *:*) fail "$home: Java takes no colon in the path of a jar; move or rename the folder" ;; esac
  classpath=$(printf ':%s' "$home"/lib/*.jar)
  classpath=${classpath#:}
  [ -e "${classpath%%:*}" ] || fail "$home/lib has no jars; unpack the archive again"
  archive=$home/lib/start
  # In the user's cache each installation has its own.
  [ -w "$home/lib" ] ||
    archive=${MIXER4J_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/mixer4j}/start-$(printf %s "$home" | cksum | cut -d ' ' -f 1)
  if [ -d "$home/cuda" ]; then # tools/gpu-bundle
    MIXER4J_NATIVES=gpu
    classpath+=:$home/native
    export LD_LIBRARY_PATH=$home/cuda${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  fi
}

# An archive of a command's loaded classes, which takes a third off the JVM's start. Java checks it against the
# jars and goes without it where it does not fit.
archive_classes() {
  archive=$archive.${1##*.}.java$version.jsa
  local jar jars stale=
  IFS=: read -ra jars <<<"$classpath"
  for jar in "${jars[@]}"; do [ ! "$jar" -nt "$archive" ] || stale=yes; done
  [ -n "$stale" ] && mkdir -p "${archive%/*}" 2>/dev/null && [ -w "${archive%/*}" ] || return 0
  local command=(--help)
  new=$archive.$$
  case $1 in
    *.ImportWeights) command=(convert "$home/sample/animals-mixer.safetensors" -o "$new.h5" --overwrite) ;;
    *.FinetuneCifar) command=(predict --weights "$home/sample/animals-mixer.safetensors" "$home/sample/images/ship.png") ;;
  esac
  trap 'rm -f "$new" "$new.h5"' EXIT
  [ ! -t 2 ] || printf 'Preparing quicker starts (once) ...\n' >&2
  "$java" "${options[@]}" -XX:ArchiveClassesAtExit="$new" -cp "$classpath" "$1" "${command[@]}" >/dev/null 2>&1 </dev/null || true
  # Empty where Java could not make it, so that it is not tried at every start.
  [ -e "$new" ] || : >"$new"
  mv -f "$new" "$archive"
  rm -f "$new.h5"
  trap - EXIT
}

launch() {
  local main=$1
  shift
  find_java
  find_classpath
  # JavaCPP's logger is SLF4J, which is silent here. Its memory limit counts the whole process against
  # the Java heap's size, which fits no big model.
  # How the user started it, for hints that can be pasted.
  local started=${MIXER4J_COMMAND:-$0}
  [ "$(command -v "${started##*/}" || true)" != "$started" ] || started=${started##*/}
  unset MIXER4J_COMMAND
  options=("-Dmixer4j.command=$started" --enable-native-access=ALL-UNNAMED -Dorg.bytedeco.javacpp.logger=slf4j
    -Dorg.bytedeco.javacpp.maxPhysicalBytes=0)
  # The work is done in native code or a few large arrays: the simplest collector starts fastest and
  # keeps least. JAVA_OPTS comes after these and may choose another.
  options+=(-XX:+UseSerialGC)
  # TensorFlow-Java's arrays use sun.misc.Unsafe, which newer Javas warn about at every start.
  [ "$version" -lt 23 ] || options+=(--sun-misc-unsafe-memory-access=allow)
  # On a processor oneDNN's products are faster than XLA's, so --xla is for all else.
  [ "${MIXER4J_NATIVES:-cpu}" = gpu ] || export TF_XLA_FLAGS="${TF_XLA_FLAGS:---tf_xla_ops_to_cluster=PW,RED,MISC}"
  # TensorFlow by itself uses oneDNN on the newest processors only; it is faster, above all for convolutions, on others too.
  export TF_ENABLE_ONEDNN_OPTS="${TF_ENABLE_ONEDNN_OPTS:-1}"
  archive_classes "$main"
  [ ! -s "$archive" ] || options+=(-XX:SharedArchiveFile="$archive" -Xlog:cds=off -Xlog:cds+dynamic=off)
  exec_java -cp "$classpath" "$main" "$@"
}

# Becomes Java with options and these arguments.
exec_java() {
  if [ -t 1 ] || [ -t 2 ]; then
    local columns
    columns=$(stty size 2>/dev/null </dev/tty | cut -d ' ' -f 2)
    [ ! -t 1 ] || options+=("-Dmixer4j.columns.out=${columns:-80}")
    [ ! -t 2 ] || options+=("-Dmixer4j.columns=${columns:-80}")
  fi
  # Native code writes its start-up chatter to stderr, where Java cannot stop it. So what it writes goes
  # through a filter that drops the lines known to be harmless, and our own messages take the real stderr.
  export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-3}
  exec 3>&2
  exec "$java" "${options[@]}" -Dmixer4j.stderr=3 --add-opens=java.base/java.io=ALL-UNNAMED ${JAVA_OPTS:-} "$@" \
    2> >(exec grep -avE --line-buffered "$chatter" >&3)
}

chatter='^WARNING: All log messages before absl::InitializeLog|^[IWE][0-9]{4} [0-9:.]+ +[0-9]+ |^[0-9-]+ [0-9:.]+: [IWE] '
