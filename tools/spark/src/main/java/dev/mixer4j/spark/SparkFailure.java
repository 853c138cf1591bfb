package dev.mixer4j.spark;

import dev.mixer4j.core.MixerException;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.spark.SparkThrowable;

/** What a failed job has to say to a person: Spark wraps the cause in pages of stack traces. */
final class SparkFailure {

  private SparkFailure() {}

  /** The first line of the innermost cause. */
  static String message(Throwable e) {
    Throwable root = root(e);
    String text = root.getMessage() == null ? root.toString() : root.getMessage();
    return text.lines().findFirst().orElse(root.toString());
  }

  /** The exception to throw in place of a job's: bad input, or an error of the program. */
  static RuntimeException of(Exception e) {
    List<Throwable> causes = ExceptionUtils.getThrowableList(e);
    for (Throwable cause : causes) {
      if (cause instanceof MixerException known) {
        return known;
      }
    }
    boolean input =
        root(e) instanceof IOException || causes.stream().anyMatch(SparkFailure::isUnreadable);
    return input
        ? new MixerException("Spark could not finish: " + message(e), e)
        : new IllegalStateException(root(e).getClass().getSimpleName() + ": " + message(e), e);
  }

  private static Throwable root(Throwable e) {
    return Stream.iterate(e, cause -> cause != null, Throwable::getCause)
        .reduce((outer, inner) -> inner)
        .orElseThrow();
  }

  private static boolean isUnreadable(Throwable e) {
    return e instanceof SparkThrowable failure
        && failure.getCondition() != null
        && failure.getCondition().startsWith("FAILED_READ_FILE");
  }
}
