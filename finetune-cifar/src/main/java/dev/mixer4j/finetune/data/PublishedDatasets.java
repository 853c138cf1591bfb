package dev.mixer4j.finetune.data;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/** The data sets that can be downloaded, in the order of {@code datasets.json}. */
public record PublishedDatasets(List<PublishedDataset> all) {

  /** A data set: the name to ask for it, a title for people, its files. */
  @JsonIgnoreProperties("source") // for people
  public record PublishedDataset(String name, String title, List<DatasetFile> files) {}

  private static final String RESOURCE = "datasets.json";

  public static PublishedDatasets load() {
    try (InputStream in = PublishedDatasets.class.getResourceAsStream(RESOURCE)) {
      return new PublishedDatasets(
          List.of(new JsonMapper().readValue(in, PublishedDataset[].class)));
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE, e);
    }
  }

  /** Finds a data set by name, ignoring case. */
  public Optional<PublishedDataset> find(String name) {
    return all.stream().filter(dataset -> dataset.name().equalsIgnoreCase(name)).findFirst();
  }
}
