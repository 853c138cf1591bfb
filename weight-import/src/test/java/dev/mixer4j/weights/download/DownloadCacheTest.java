package dev.mixer4j.weights.download;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DownloadCacheTest {

  @Test
  void isWhereTheSystemKeepsCaches() {
    assertThat(folder(Map.of(), "Linux")).isEqualTo(Path.of("/home/u/.cache/mixer4j"));
    assertThat(folder(Map.of("XDG_CACHE_HOME", "/xdg"), "Linux"))
        .isEqualTo(Path.of("/xdg/mixer4j"));
    assertThat(folder(Map.of("XDG_CACHE_HOME", "relative"), "Linux"))
        .isEqualTo(Path.of("/home/u/.cache/mixer4j"));
    assertThat(folder(Map.of(), "Mac OS X")).isEqualTo(Path.of("/home/u/Library/Caches/mixer4j"));
    assertThat(folder(Map.of("LOCALAPPDATA", "/local"), "Windows 11"))
        .isEqualTo(Path.of("/local/mixer4j/cache"));
  }

  @Test
  void theVariableComesFirst() {
    for (String system : new String[] {"Linux", "Mac OS X", "Windows 11"}) {
      assertThat(folder(Map.of("MIXER4J_CACHE", "/mine", "XDG_CACHE_HOME", "/xdg"), system))
          .isEqualTo(Path.of("/mine"));
    }
  }

  private static Path folder(Map<String, String> environment, String system) {
    return DownloadCache.folder(environment, system, "/home/u");
  }
}
