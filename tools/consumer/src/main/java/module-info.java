/** Uses Mixer4J's modules as modules. */
module example {
  requires dev.mixer4j.finetune;
}
