/**
 * Training and fine-tuning of image classification networks. The classes of the command are not
 * exported; the command runs from a class path.
 */
// Each of these names stands in its jar's manifest, so that it stays when the jar becomes a module.
@SuppressWarnings("requires-automatic")
module dev.mixer4j.finetune {
  requires com.fasterxml.jackson.databind;
  requires com.google.protobuf;
  requires com.sun.jna;
  requires transitive dev.mixer4j.weights;
  requires info.picocli;
  requires java.management;
  requires org.apache.commons.compress;
  requires org.jfree.jfreechart;
  requires org.jline.terminal;
  requires tensorflow.framework;
  requires tensorflow.nativelib;

  exports dev.mixer4j.finetune;
  exports dev.mixer4j.finetune.device;
  exports dev.mixer4j.finetune.progress;

  // picocli fills the commands' fields; Jackson reads and writes records.
  opens dev.mixer4j.finetune.chart to
      com.fasterxml.jackson.databind;
  opens dev.mixer4j.finetune.command to
      com.fasterxml.jackson.databind,
      info.picocli;
  opens dev.mixer4j.finetune.optim to
      com.fasterxml.jackson.databind;
  opens dev.mixer4j.finetune.report to
      com.fasterxml.jackson.databind;
  opens dev.mixer4j.finetune.run to
      com.fasterxml.jackson.databind;
  opens dev.mixer4j.finetune.settings to
      com.fasterxml.jackson.databind;
}
