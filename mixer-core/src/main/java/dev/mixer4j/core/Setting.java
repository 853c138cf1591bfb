package dev.mixer4j.core;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * An annotation that describes a setting of a network or of a training, on the record component
 * that holds it.
 *
 * <pre>{@code
 * record Example(@Setting(value = "Width of the MLP.", range = "[1, 4096]") int mlpSize) {}
 * }</pre>
 *
 * <p>The component's name gives the command-line option, {@code --mlp-size}, and the name in JSON,
 * {@code mlp_size}.
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
