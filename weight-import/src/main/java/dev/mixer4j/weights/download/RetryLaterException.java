package dev.mixer4j.weights.download;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** A response of a server that is busy, perhaps with the time to wait. */
final class RetryLaterException extends IOException {

  private static final long serialVersionUID = 1L;

  private final transient Duration after;

  /**
   * @param after the Retry-After header, if there is one: seconds, or a date
   */
  RetryLaterException(String message, Optional<String> after) {
    super(message);
    this.after = after.map(RetryLaterException::parse).orElse(null);
  }

  /** How long the server asks to wait; empty where it does not say, or says nonsense. */
  Optional<Duration> after() {
    return Optional.ofNullable(after);
  }

  private static Duration parse(String value) {
    try {
      if (value.matches("[0-9]{1,9}")) {
        return Duration.ofSeconds(Long.parseLong(value));
      }
      Instant date = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration wait = Duration.between(Instant.now(), date);
      return wait.isNegative() ? Duration.ZERO : wait;
    } catch (DateTimeParseException e) {
      return null;
    }
  }
}
