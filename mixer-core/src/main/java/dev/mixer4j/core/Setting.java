package dev.mixer4j.core;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Describes a setting, where it is declared: a component of the record that holds it. The name of
 * its command-line option and its name in JSON follow from the component's name.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {

  /** {@return the help text, one sentence} */
  String value();

  /** {@return the allowed numbers as an interval such as {@code (0, 1]}; empty for no limits} */
  String range() default "";

  /** {@return how help shows the value; empty for what follows from its type} */
  String label() default "";

  /** {@return the default as help shows it; empty for none} */
  String byDefault() default "";
}
