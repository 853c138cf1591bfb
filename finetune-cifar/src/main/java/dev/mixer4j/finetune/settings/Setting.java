package dev.mixer4j.finetune.settings;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares a setting on a record component. The command-line option, the name and check in JSON and
 * the table in the README all follow from it.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {

  /** The help text: one sentence that ends with a full stop. */
  String value();

  /** The interval of allowed numbers, such as {@code (0, 1]} or {@code [0, inf)}; empty for any. */
  String range() default "";

  /** The option's value in the help; empty for N for numbers and NAME for texts. */
  String label() default "";

  /** The value, or a description of it, that holds where nothing is given. */
  String byDefault() default "";
}
