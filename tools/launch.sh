# Sourced by the launchers beside it: builds what is missing or out of date, then runs a main class.
#
#   launch MAIN_CLASS [ARGUMENT...]
#
# JAVA_HOME chooses the JDK, JAVA_OPTS are options for the JVM, MIXER4J_MAVEN_OPTS for the build, and
# MIXER4J_NATIVES, cpu or gpu, the build of TensorFlow, where it is not to be chosen by itself. A
# launcher of another module than finetune-cifar sets module, and profile where only that brings it in.

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd -P)
module=${module:-finetune-cifar}
target=$root/$module/target

fail() {
  printf 'error: %s\n' "$1" >&2
  exit 2
}

# In the C locale Java takes no path with an umlaut, be it an argument's or this project's own.
speak_utf8() {
  case $(locale charmap 2>/dev/null) in UTF-8) ;; *) export LC_ALL=C.UTF-8 ;; esac
}

find_java() {
  speak_utf8
  if [ -n "${JAVA_HOME:-}" ]; then
    java=$JAVA_HOME/bin/java
    [ -x "$java" ] || fail "JAVA_HOME is $JAVA_HOME, which has no bin/java; point it at a JDK 17 or newer"
  else
    java=$(command -v java) || fail "no java found; install a JDK 17 or newer (for example from https://adoptium.net)"
  fi
  # A JDK says its version in a file, which is quicker to read than to start a JVM. «1.8» is 8.
  local home
  home=$(dirname "$(dirname "$(readlink -f "$java")")")
  version=$({ cat "$home/release" 2>/dev/null || "$java" -version 2>&1; } |
    sed -n -E 's/^(JAVA_VERSION=|[a-z]+ version )"(1\.)?([0-9]+).*/\3/p')
  [ "${version:-0}" -ge 17 ] || fail "$java is Java ${version:-of an unknown version}; Mixer4J needs a JDK 17 or newer (set JAVA_HOME to one)"
}

# In a bundle (tools/gpu-bundle) everything is there, and nothing is built.
find_bundle() {
  speak_utf8
  java=$root/jre/bin/java
  version=$(sed -n -E 's/^JAVA_VERSION="([0-9]+).*/\1/p' "$root/jre/release")
  classpath="$root/lib/*:$root/native"
  export LD_LIBRARY_PATH=$root/cuda${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
}

# TensorFlow's build for CUDA where there is a GPU that may be used, otherwise the one for processors.
choose_natives() {
  local main=$1 word previous=
  shift
  natives=${MIXER4J_NATIVES:-cpu}
  if [ -z "${MIXER4J_NATIVES:-}" ] && [ "$main" != "${main%.FinetuneCifar}" ] &&
    [ "$(uname -sm)" = 'Linux x86_64' ] && { [ -e /dev/nvidiactl ] || [ -e /dev/dxg ]; }; then
    natives=gpu
    for word; do
      case "$previous $word" in '--device cpu' | *' --device=cpu') natives=cpu ;; esac
      previous=$word
    done
  fi
  case $natives in
    cpu) classpath_file=$target/launch.classpath ;;
    gpu) classpath_file=$target/launch-gpu.classpath profile=${profile:+$profile,}gpu ;;
    *) fail "MIXER4J_NATIVES is $natives; expected cpu or gpu" ;;
  esac
}

# Whether the jars are there and newer than everything they are made from.
up_to_date() {
  [ -s "$classpath_file" ] || return 1
  [ -z "$(find "$root/pom.xml" "$root"/{mixer-core,weight-import,finetune-cifar,"$module"}/pom.xml \
    "$root"/{mixer-core,weight-import,finetune-cifar,"$module"}/src/main -newer "$classpath_file" -print -quit)" ] || return 1
  # A jar may have left the local repository since.
  local jar jars
  IFS=: read -ra jars <"$classpath_file" || true # no line end at the file's end
  for jar in "${jars[@]}"; do [ -e "$jar" ] || return 1; done
}

need_build_tools() {
  command -v mvn >/dev/null || fail "no mvn found; install Apache Maven 3.8 or newer (https://maven.apache.org/install.html)"
  [ -x "$(dirname "$java")/javac" ] || [ -n "${JAVA_HOME:-}" ] || command -v javac >/dev/null ||
    fail "no javac found beside $java; install a JDK, not only a JRE, 17 or newer"
}

build() {
  need_build_tools
  mkdir -p "$target"
  local also=
  [ "$natives" = cpu ] || also=', 526 MB of TensorFlow for CUDA among them'
  printf 'Building Mixer4J (once; the first time Maven downloads its dependencies%s) ...\n' "$also" >&2
  local log=$target/launch.log
  # Resolving in the same Maven run lets the modules see one another's classes uninstalled.
  if ! mvn -q -B -f "$root/pom.xml" ${profile:+-P$profile} ${MIXER4J_MAVEN_OPTS:-} package -Dmaven.test.skip=true \
    dependency:build-classpath -DincludeScope=runtime -Dmdep.outputFile=target/launch.classpath.new >"$log" 2>&1; then
    cat "$log" >&2
    fail "the build did not succeed; what Maven said stands above"
  fi
  # Stamped with the build's start, so that a file edited meanwhile counts as newer.
  touch -r "$stamp" "$target/launch.classpath.new"
  # The newest, for an older version's may lie beside it, and a release's sources and Javadoc.
  local jar
  jar=$(ls -t "$target/${module##*/}"-*.jar | grep -vE -e '-(sources|javadoc)\.jar$' | head -n 1)
  { printf '%s:' "$jar"; cat "$target/launch.classpath.new"; } >"$classpath_file.part"
  touch -r "$stamp" "$classpath_file.part"
  mv "$classpath_file.part" "$classpath_file"
}

# An archive of a command's loaded classes, which takes a third off the JVM's start. Java checks it
# against the jars and goes without it where it does not fit.
archived() {
  [ -e "$archive" ] && [ -z "$(find "$root"/*/target -maxdepth 1 -name '*.jar' -newer "$archive" -print -quit)" ]
}

archive_classes() {
  local sample=(--help)
  case $1 in
    *.ImportWeights) sample=(convert "$root/tools/sample/animals-mixer.safetensors" -o "$archive.h5" --overwrite) ;;
    *.FinetuneCifar) sample=(predict --weights "$root/tools/sample/animals-mixer.safetensors" "$root/tools/sample/images/ship.png") ;;
  esac
  "$java" "${options[@]}" -XX:ArchiveClassesAtExit="$archive.part" -cp "$(<"$classpath_file")" "$1" "${sample[@]}" \
    >/dev/null 2>&1 </dev/null || true
  rm -f "$archive.h5"
  # Empty where Java could not make it, so that it is not tried at every start.
  [ -e "$archive.part" ] || : >"$archive.part"
  mv -f "$archive.part" "$archive"
}

# One build at a time, however many commands are started at once.
build_if_needed() {
  archive=${classpath_file%.classpath}.${1##*.}.java$version.jsa
  local built=
  up_to_date && built=yes
  [ -z "$built" ] || ! archived || return 0
  mkdir -p "$target" "$root/finetune-cifar/target" 2>/dev/null || true
  [ -w "$target" ] || [ -z "$built" ] || return 0
  [ -w "$target" ] ||
    fail "$root is not built for this user and cannot be written to; build it once with tools/import-weights --version as its owner, or copy it"
  # One lock for all modules, whose builds share jars.
  locked "$root/finetune-cifar/target" bring_up_to_date "$1"
}

bring_up_to_date() {
  up_to_date || build
  archived || archive_classes "$1"
}

# Runs a function, with its arguments, while no other process does so in a folder.
locked() {
  local lock=$1/launch.lock
  shift
  until mkdir "$lock" 2>/dev/null; do
    sleep 1
    # The owner of a lock that is left over from a killed build is gone, or never said who it was.
    kill -0 "$(cat "$lock/pid" 2>/dev/null || echo none)" 2>/dev/null || rm -rf "$lock"
  done
  echo $$ >"$lock/pid"
  trap 'rm -rf "$lock" "$stamp"' EXIT
  stamp=$(mktemp)
  "$@"
  rm -rf "$lock" "$stamp"
  trap - EXIT
}

launch() {
  local main=$1
  shift
  classpath= archive= natives=gpu
  if [ -d "$root/jre" ]; then
    find_bundle
  else
    find_java
    choose_natives "$main" "$@"
  fi
  # JavaCPP's logger is SLF4J, which is silent here. Its memory limit counts the whole process against
  # the Java heap's size, which fits no big model.
  local options=(--enable-native-access=ALL-UNNAMED -Dorg.bytedeco.javacpp.logger=slf4j
    -Dorg.bytedeco.javacpp.maxPhysicalBytes=0)
  # The work is done in native code or a few large arrays: the simplest collector starts fastest and
  # keeps least. JAVA_OPTS comes after these and may choose another.
  options+=(-XX:+UseSerialGC)
  # TensorFlow-Java's arrays use sun.misc.Unsafe, which newer Javas warn about at every start.
  [ "$version" -lt 23 ] || options+=(--sun-misc-unsafe-memory-access=allow)
  # On a processor oneDNN's products are faster than XLA's, so --xla is for all else.
  [ "$natives" = gpu ] || export TF_XLA_FLAGS="${TF_XLA_FLAGS:---tf_xla_ops_to_cluster=PW,RED,MISC}"
  # TensorFlow by itself uses oneDNN on the newest processors only; it is faster, above all for convolutions, on others too.
  export TF_ENABLE_ONEDNN_OPTS="${TF_ENABLE_ONEDNN_OPTS:-1}"
  if [ -z "${classpath:-}" ]; then
    build_if_needed "$main"
    classpath=$(<"$classpath_file")
  fi
  [ ! -s "${archive:-}" ] || options+=(-XX:SharedArchiveFile="$archive" -Xlog:cds=off -Xlog:cds+dynamic=off)
  exec_java -cp "$classpath" "$main" "$@"
}

# Becomes Java with options and these arguments.
exec_java() {
  if [ -t 2 ]; then
    local columns
    columns=$(stty size 2>/dev/null </dev/tty | cut -d ' ' -f 2)
    options+=("-Dmixer4j.columns=${columns:-80}")
  fi
  # Native code writes its start-up chatter to stderr, where Java cannot stop it. So what it writes goes
  # through a filter that drops the lines known to be harmless, and our own messages take the real stderr.
  export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-3}
  exec 3>&2
  exec "$java" "${options[@]}" -Dmixer4j.stderr=3 --add-opens=java.base/java.io=ALL-UNNAMED ${JAVA_OPTS:-} "$@" \
    2> >(exec grep -avE --line-buffered "$chatter" >&3)
}

chatter='^WARNING: All log messages before absl::InitializeLog|^[IWE][0-9]{4} [0-9:.]+ +[0-9]+ |^[0-9-]+ [0-9:.]+: [IWE] '
