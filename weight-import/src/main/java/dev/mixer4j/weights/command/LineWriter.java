package dev.mixer4j.weights.command;

import java.io.PrintWriter;
import java.io.Writer;

/**
 * Prints lines in which text from outside does no harm. Names in a file of weights or of images and
 * a server's answers may hold characters that a terminal takes as commands, that start a line of
 * their own or that turn the writing direction. Each of them is printed as a backslash, a u and
 * four hexadecimal digits, which JSON reads as the same character. Only {@code println} ends a
 * line.
 */
final class LineWriter extends PrintWriter {

  LineWriter(Writer out) {
    super(out, true);
  }

  /** {@return the text with its harmful characters, line ends included, escaped} */
  static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      append(escaped, text.charAt(i));
    }
    return escaped.toString();
  }

  private static void append(StringBuilder escaped, char c) {
    if (isHarmful(c)) {
      escaped.append("\\u%04x".formatted((int) c));
    } else {
      escaped.append(c);
    }
  }

  private static boolean isHarmful(char c) {
    return Character.isISOControl(c) && c != '\t'
        || c == '\u061c' // Arabic letter mark
        || c == '\u200e'
        || c == '\u200f' // the other marks of direction
        || c >= '\u2028' && c <= '\u202e' // line and paragraph ends, embeddings, overrides
        || c >= '\u2066' && c <= '\u2069'; // isolates
  }

  @Override
  public void write(int c) {
    write(String.valueOf((char) c));
  }

  @Override
  public void write(char[] text, int offset, int length) {
    write(new String(text, offset, length));
  }

  @Override
  public void write(String text, int offset, int length) {
    String escaped = escape(text.substring(offset, offset + length));
    super.write(escaped, 0, escaped.length());
  }
}
