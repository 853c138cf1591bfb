package dev.mixer4j.weights.command;

import picocli.CommandLine.IVersionProvider;

/** The text of {@code --version}: the version that the build put into the jar's manifest. */
public final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() {
    String version = Version.class.getPackage().getImplementationVersion();
    return new String[] {"Mixer4J " + (version == null ? "development build" : version)};
  }
}
