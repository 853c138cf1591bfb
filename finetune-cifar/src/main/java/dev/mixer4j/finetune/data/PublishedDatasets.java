package dev.mixer4j.finetune.data;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/**
 * The data sets that can be downloaded, from a data file that a person can check: {@code
 * datasets.json} beside this class.
 *
 * @param all in the data file's order
 */
public record PublishedDatasets(List<PublishedDataset> all) {

  /**
   * A data set's files.
   *
   * @param name to ask for it
   * @param title what it is
   * @param files that belong together
   */
  @JsonIgnoreProperties("source") // for people
  public record PublishedDataset(String name, String title, List<DatasetFile> files) {}

  private static final String RESOURCE = "datasets.json";

  /** The ones that this library knows. */
  public static PublishedDatasets load() {
    try (InputStream in = PublishedDatasets.class.getResourceAsStream(RESOURCE)) {
      return new PublishedDatasets(
          List.of(new JsonMapper().readValue(in, PublishedDataset[].class)));
    } catch (IOException e) {
      throw new UncheckedIOException(RESOURCE, e);
    }
  }

  /** The one of a name, in whatever case. */
  public Optional<PublishedDataset> find(String name) {
    return all.stream().filter(dataset -> dataset.name().equalsIgnoreCase(name)).findFirst();
  }
}
