package dev.mixer4j.weights.command;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the name that the user probably meant. */
final class Suggestion {

  private Suggestion() {}

  /** The nearest name, if no more than a third of its letters differ. */
  static Optional<String> of(String found, Collection<String> names) {
    return names.stream()
        .filter(name -> distance(found, name) <= Math.max(1, name.length() / 3))
        .min(Comparator.comparingInt(name -> distance(found, name)));
  }

  /** The edit distance in which two letters that are swapped count once (optimal alignment). */
  static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + change, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
