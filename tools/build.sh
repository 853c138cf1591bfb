# Sourced by the launchers beside it: builds what is missing or out of date, then starts a command of bin.
#
#   build_and_start COMMAND [ARGUMENT...]
#
# MIXER4J_MAVEN_OPTS are options for Maven, and MIXER4J_NATIVES, cpu or gpu, chooses the build of TensorFlow, where it
# is not to be chosen by itself. A launcher of another module than finetune-cifar sets module, and profile where only
# that brings it in.

. "${BASH_SOURCE[0]%/*}/lib/launch.sh"
tools=$home
root=$(dirname "$tools")
module=${module:-finetune-cifar}
target=$root/$module/target

# TensorFlow's build for CUDA where there is a GPU that may be used, otherwise the one for processors.
choose_natives() {
  local command=$1 word previous=
  shift
  natives=${MIXER4J_NATIVES:-cpu}
  if [ -z "${MIXER4J_NATIVES:-}" ] && [ "$command" = finetune-cifar ] &&
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
  ! up_to_date || return 0
  need_build_tools
  mkdir -p "$target"
  local also=
  [ "$natives" = cpu ] || also=', 526 MB of TensorFlow for CUDA among them'
  printf 'Building Mixer4J (once; the first time Maven downloads its dependencies%s) ...\n' "$also" >&2
  local log=$target/launch.log
  # Resolving in the same Maven run lets the modules see one another's classes uninstalled.
  if ! mvn -q -B -f "$root/pom.xml" -pl "$module" -am ${profile:+-P$profile} ${MIXER4J_MAVEN_OPTS:-} package \
    -Dmaven.test.skip=true dependency:build-classpath -DincludeScope=runtime \
    -Dmdep.outputFile=target/launch.classpath.new >"$log" 2>&1; then
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

# One build at a time, however many commands are started at once.
build_if_needed() {
  ! up_to_date || return 0
  mkdir -p "$target" "$root/finetune-cifar/target" 2>/dev/null || true
  [ -w "$target" ] ||
    fail "$root is not built for this user and cannot be written to; build it once with tools/import-weights --version as its owner, or copy it"
  # One lock for all modules, whose builds share jars.
  locked "$root/finetune-cifar/target" build
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

build_and_start() {
  find_java
  choose_natives "$@"
  build_if_needed
  export MIXER4J_COMMAND=$0 MIXER4J_CLASSPATH=$classpath_file MIXER4J_NATIVES=$natives
  exec "$tools/bin/$1" "${@:2}"
}
