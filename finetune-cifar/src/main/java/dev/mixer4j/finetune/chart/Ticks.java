package dev.mixer4j.finetune.chart;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * The range of an axis with ticks at round numbers, whose labels have as many decimals as tell them
 * apart.
 *
 * @param step between two ticks: 1, 2 or 5 times a power of ten
 * @param percent whether labels are percentages
 */
public record Ticks(double low, double high, double step, boolean percent) {

  /**
   * Finds the range of some values; those that are not finite are left out.
   *
   * @param most ticks, about
   * @param integers whether ticks are whole numbers
   */
  public static Ticks of(DoubleStream values, int most, boolean percent, boolean integers) {
    double[] finite = values.filter(Double::isFinite).sorted().toArray();
    double min = finite.length == 0 ? 0 : finite[0];
    double max = finite.length == 0 ? 1 : finite[finite.length - 1];
    double least = integers ? 1 : Math.max(1e-4, Math.abs(max) * 1e-3);
    if (max - min < least) { // all the same, as after a single step
      double middle = (min + max) / 2;
      min = middle - least / 2;
      max = middle + least / 2;
    }
    double raw = (max - min) / most;
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double step = power;
    for (double factor : new double[] {2, 5, 10}) {
      step = step < raw * 0.999 ? factor * power : step;
    }
    step = integers ? Math.max(1, Math.round(step)) : step;
    double margin = (max - min) * (integers ? 0.01 : 0.03);
    return new Ticks(min - margin, max + margin, step, percent);
  }

  public List<Double> values() {
    List<Double> values = new ArrayList<>();
    for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
      values.add(i * step);
    }
    return values;
  }

  /** The format of the labels. */
  DecimalFormat format() {
    double shown = percent ? 100 * step : step;
    int decimals = (int) Math.max(0, Math.ceil(-Math.log10(shown) - 1e-9));
    String pattern = "#,##0" + (decimals == 0 ? "" : "." + "0".repeat(decimals));
    return new DecimalFormat(
        pattern + (percent ? "%" : ""), DecimalFormatSymbols.getInstance(Locale.ROOT));
  }
}
