package dev.mixer4j.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MixerFileExceptionTest {

  static Stream<Arguments> problems() {
    return Stream.of(
        Arguments.of(
            new NoSuchFileException("part-2.safetensors"), "part-2.safetensors: no such file"),
        Arguments.of(new AccessDeniedException("w.h5"), "w.h5: permission denied"),
        Arguments.of(new FileSystemException("w.h5", null, "Is a loop"), "w.h5: Is a loop"),
        Arguments.of(new IOException("Input/output error"), "w.index: Input/output error"),
        Arguments.of(new EOFException(), "w.index: java.io.EOFException"));
  }

  @ParameterizedTest
  @MethodSource("problems")
  void namesTheFileOnceAndWhatIsWrong(IOException cause, String message) {
    assertThat(new MixerFileException(Path.of("w.index"), cause))
        .isInstanceOf(MixerException.class)
        .hasMessage(message)
        .hasCause(cause);
  }
}
