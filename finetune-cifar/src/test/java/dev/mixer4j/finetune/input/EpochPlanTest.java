package dev.mixer4j.finetune.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EpochPlanTest {

  private static final int COUNT = 1000;

  private static EpochPlan plan(long seed, int epoch) {
    return EpochPlan.of(seed, epoch, COUNT, true, true);
  }

  @Test
  void takesEveryImageOnce() {
    assertThat(plan(1, 1).order())
        .containsExactlyInAnyOrder(IntStream.range(0, COUNT).toArray())
        .isNotEqualTo(IntStream.range(0, COUNT).toArray());
  }

  @Test
  void dependsOnSeedAndEpochAlone() {
    assertThat(plan(1, 2).order()).isEqualTo(plan(1, 2).order());
    assertThat(plan(1, 2).flips()).isEqualTo(plan(1, 2).flips());
    for (EpochPlan other : new EpochPlan[] {plan(1, 3), plan(2, 2), plan(2, 1)}) {
      assertThat(other.order()).isNotEqualTo(plan(1, 2).order());
      assertThat(other.flips()).isNotEqualTo(plan(1, 2).flips());
    }
  }

  /** These very numbers, so that a run of an earlier release can be repeated and resumed. */
  @Test
  void staysTheSameFromReleaseToRelease() {
    EpochPlan plan = EpochPlan.of(1024, 1, 10, true, true);
    assertThat(plan.order()).containsExactly(0, 6, 9, 4, 8, 1, 5, 7, 3, 2);
    assertThat(plan.flips())
        .containsExactly(true, true, true, true, false, true, true, false, false, false);
  }

  @Test
  void mirrorsHalfOfTheImages() {
    int flipped = 0;
    for (boolean flip : plan(5, 1).flips()) {
      flipped += flip ? 1 : 0;
    }
    assertThat(flipped).isBetween(430, 570); // five standard deviations of 16 around 500
  }

  @Test
  void doesNeitherWhereNotAskedTo() {
    EpochPlan plan = EpochPlan.of(1, 1, COUNT, false, false);
    assertThat(plan.order()).isEqualTo(IntStream.range(0, COUNT).toArray());
    assertThat(plan.flips()).isEqualTo(new boolean[COUNT]);
  }

  @Test
  void orderAndFlipsDoNotDependOnOneAnother() {
    assertThat(EpochPlan.of(1, 1, COUNT, true, false).order()).isEqualTo(plan(1, 1).order());
    assertThat(EpochPlan.of(1, 1, COUNT, false, true).flips()).isEqualTo(plan(1, 1).flips());
  }
}
