package dev.mixer4j.finetune.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Recognises data sets by their files. */
public final class Datasets {

  /** Where archives unpack to, and where torchvision puts MNIST. */
  private static final List<String> USUAL_FOLDERS =
      List.of(
          "cifar-10-batches-bin",
          "cifar-100-binary",
          "cifar-10-batches-py",
          "cifar-10-batches-py-target/cifar-10-batches-py", // where Keras unpacks it
          "cifar-100-python",
          "MNIST/raw",
          "FashionMNIST/raw");

  private static final Pattern ARCHIVE = Pattern.compile("(?i).+\\.(tar|tar\\.gz|tgz)");

  private Datasets() {}

  /**
   * Finds a data set in a folder, in one of its usual subfolders or in a tar archive: CIFAR-10 and
   * CIFAR-100 (binary or Python version), MNIST's files; or pictures in a folder per class.
   */
  public static Dataset open(Path path, DatasetRequest options) throws IOException {
    if (!Files.exists(path)) {
      throw new DatasetException(path + ": expected a data set, found no such folder or archive");
    }
    if (!Files.isDirectory(path)) {
      return heldOut(one(path, recognise(TarFiles.read(path), options)), options);
    }
    List<Dataset> found = recognise(List.of(DataFiles.in(path)), options);
    if (found.isEmpty()) {
      found = recognise(subfolders(path), options);
    }
    if (found.isEmpty()) {
      found = recognise(archives(path), options);
    }
    if (found.isEmpty()) {
      Optional<Dataset> pictures = ImageFolder.open(path, options);
      if (pictures.isPresent()) {
        return pictures.get();
      }
    }
    return heldOut(one(path, found), options);
  }

  private static List<DataFiles> subfolders(Path path) throws IOException {
    List<DataFiles> folders = new ArrayList<>();
    for (String name : USUAL_FOLDERS) {
      Path folder = path.resolve(name);
      if (Files.isDirectory(folder)) {
        folders.add(DataFiles.in(folder));
      }
    }
    return folders;
  }

  private static List<DataFiles> archives(Path path) throws IOException {
    List<DataFiles> folders = new ArrayList<>();
    for (String name : DataFiles.in(path).files().keySet()) {
      if (ARCHIVE.matcher(name).matches()) {
        folders.addAll(TarFiles.read(path.resolve(name)));
      }
    }
    return folders;
  }

  private static List<Dataset> recognise(List<DataFiles> folders, DatasetRequest options)
      throws IOException {
    List<Dataset> found = new ArrayList<>();
    for (DataFiles files : folders) {
      Cifar.find(files, options, found);
      if (Idx.fits(files)) {
        found.add(new Idx(files, options));
      }
    }
    return found;
  }

  private static Dataset one(Path path, List<Dataset> found) {
    if (found.isEmpty()) {
      throw new DatasetException(
          path
              + ": expected a data set, found none: CIFAR-10's or CIFAR-100's files (data_batch_*"
              + " and test_batch, or train and test; binary or Python version; or their .tar.gz),"
              + " MNIST's (train-images-idx3-ubyte and so on), or pictures in a folder for each class;"
              + " 'finetune-cifar download' gets some");
    }
    if (found.size() > 1) {
      String all =
          found.stream()
              .map(set -> set.kind() + " in " + set.path())
              .collect(Collectors.joining(", "));
      throw new DatasetException(path + ": expected one data set, found several: " + all);
    }
    return found.get(0);
  }

  private static Dataset heldOut(Dataset dataset, DatasetRequest options) {
    return options.validationFraction().isPresent()
        ? new HeldOut(dataset, options.validationFraction().getAsDouble())
        : dataset;
  }
}
