package dev.mixer4j.finetune.study;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/**
 * A process of a study, which ends with the study: the end of its standard input tells it. The
 * first argument is the class whose main method gets the others.
 */
public final class StudyChild {

  private static final int KILLED = 137;

  private StudyChild() {}

  /** Runs the main method of the class. */
  public static void main(String[] args) throws ReflectiveOperationException {
    Thread watch = new Thread(StudyChild::endWithParent, "end with the study");
    watch.setDaemon(true);
    watch.start();
    try {
      Class.forName(args[0])
          .getMethod("main", String[].class)
          .invoke(null, (Object) Arrays.copyOfRange(args, 1, args.length));
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private static void endWithParent() {
    try {
      while (System.in.read() >= 0) {
        continue;
      }
    } catch (IOException e) {
      // as good as the end
    }
    Runtime.getRuntime().halt(KILLED);
  }
}
