# Sourced by the checks beside it: installs Mixer4J into a local repository of its own, which goes when the
# script ends. Sets tools, work (a folder for anything), maven (the command, which uses that repository).
#
# JAVA_HOME chooses the JDK, MIXER4J_MAVEN_OPTS are options for Maven (-o for offline, -Dmaven.repo.local=...
# for another local repository to start from).

tools=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd -P)
maven=(mvn -q -B ${MIXER4J_MAVEN_OPTS:-})
from=$HOME/.m2/repository
for option in ${MIXER4J_MAVEN_OPTS:-}; do
  case $option in -Dmaven.repo.local=*) from=${option#*=} ;; esac
done

# Beside the user's repository, where links cost nothing; what Mixer4J installed there must not help.
mkdir -p "$from"
work=$(mktemp -d "$(dirname "$from")/mixer4j-check.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp -al "$from" "$work/repository" 2>/dev/null || { rm -rf "$work/repository"; cp -R "$from" "$work/repository"; }
rm -rf "$work/repository/dev/mixer4j"
maven+=("-Dmaven.repo.local=$work/repository")

"${maven[@]}" -f "$tools/../pom.xml" install -pl finetune-cifar -am -Dmaven.test.skip=true
