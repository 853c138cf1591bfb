package dev.mixer4j.weights.write;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.mixer4j.core.Network;
import dev.mixer4j.core.Variable;
import dev.mixer4j.core.Variables;
import dev.mixer4j.core.Weights;
import dev.mixer4j.weights.Metadata;
import dev.mixer4j.weights.NetworkJson;
import dev.mixer4j.weights.format.UnsupportedFileException;
import dev.mixer4j.weights.format.elements.OpenTensorFile;
import dev.mixer4j.weights.format.tensorflow.SavedModelNotes;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.TensorFlow;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.train.Restore;
import org.tensorflow.op.train.Save;
import org.tensorflow.proto.CollectionDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SaverDef;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.VariableDef;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * Writes a folder that {@code tf.saved_model.load} and TensorFlow Serving load and run; {@link
 * SavedModelInput} lists its signatures.
 *
 * <p>Only the graph comes from TensorFlow. The variables are written by {@link TensorBundleWriter},
 * one at a time: TensorFlow's own exporter would need them all in a session.
 */
final class SavedModelWriter implements WeightsWriter {

  private final SavedModelInput servingDefault;

  SavedModelWriter(SavedModelInput servingDefault) {
    this.servingDefault = servingDefault;
  }

  @Override
  public void write(
      Path folder, Weights weights, Supplier<Metadata> metadata, LongConsumer progress)
      throws IOException {
    Path variables = folder.resolve("variables");
    Files.createDirectories(variables);
    new TensorBundleWriter().write(variables.resolve("variables"), weights, metadata, progress);
    MetaGraphDef graph = graph(metadata.get());
    try (OutputStream out = Files.newOutputStream(folder.resolve(SavedModelNotes.DEFINITION))) {
      CodedOutputStream coded = CodedOutputStream.newInstance(out);
      coded.useDeterministicSerialization(); // the same weights make the same file
      SavedModel.newBuilder()
          .setSavedModelSchemaVersion(1)
          .addMetaGraphs(graph)
          .build()
          .writeTo(coded);
      coded.flush();
    }
  }

  private MetaGraphDef graph(Metadata metadata) {
    Network network = metadata.network();
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Variables variables = new Variables(tf, network);
      Map<SavedModelInput, SignatureDef> signatures =
          new SavedModelSignatures(tf, metadata, variables).add();
      SignatureDef served = signatures.get(servingDefault);
      if (served == null) {
        throw new UnsupportedFileException(
            "a SavedModel of a %s has no signature %s; it has %s"
                .formatted(NetworkJson.describe(network), servingDefault, signatures.keySet()));
      }
      SaverDef saver = addSaver(tf, network, variables);
      List<Variable> all = network.variables();
      List<Variable> trainable = all.stream().filter(Variable::trainable).toList();
      CollectionDef.Builder notes = CollectionDef.newBuilder();
      metadata
          .toNotes()
          .forEach(
              (name, text) ->
                  notes
                      .getBytesListBuilder()
                      .addValue(
                          ByteString.copyFromUtf8(OpenTensorFile.NOTE_PREFIX + name + "=" + text)));
      MetaGraphDef.Builder definition = MetaGraphDef.newBuilder();
      signatures.forEach((name, value) -> definition.putSignatureDef(name.toString(), value));
      return definition
          .putSignatureDef("serving_default", served)
          .setMetaInfoDef(
              MetaGraphDef.MetaInfoDef.newBuilder()
                  .addTags("serve")
                  .setTensorflowVersion(TensorFlow.version()))
          .setGraphDef(graph.toGraphDef())
          .setSaverDef(saver)
          .putCollectionDef("variables", handles(all, variables))
          .putCollectionDef("trainable_variables", handles(trainable, variables))
          .putCollectionDef(SavedModelNotes.METADATA_COLLECTION, notes.build())
          .build();
    }
  }

  /** The operations that load the variables, under the names that TensorFlow's loaders expect. */
  private static SaverDef addSaver(Ops tf, Network network, Variables variables) {
    List<String> names = new ArrayList<>(network.shapes().keySet());
    List<Operand<?>> values = new ArrayList<>();
    names.forEach(name -> values.add(variables.value(name)));
    List<Class<? extends TType>> types = Collections.nCopies(names.size(), TFloat32.class);
    Ops save = tf.withSubScope("save");
    Operand<TString> file =
        save.withName("filename").placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    Operand<TString> keys = save.array(names.toArray(new String[0]));
    Operand<TString> slices =
        save.array(Collections.nCopies(names.size(), "").toArray(new String[0]));
    Save saved = save.train.save(file, keys, slices, values);
    save.withControlDependencies(saved).withName("control_dependency").identity(file);
    Restore restored = save.train.restore(file, keys, slices, types);
    List<Op> assignments = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      assignments.add(
          save.assignVariableOp(
              variables.handle(names.get(i)), restored.tensors().get(i).asOutput()));
    }
    save.withControlDependencies(assignments).withName("restore_all").noOp();
    return SaverDef.newBuilder()
        .setFilenameTensorName("save/filename:0")
        .setSaveTensorName("save/control_dependency:0")
        .setRestoreOpName("save/restore_all")
        .setVersion(SaverDef.CheckpointFormatVersion.V2)
        .build();
  }

  /** For Python, whose loaded model lists its variables from here. */
  private static CollectionDef handles(List<Variable> listed, Variables variables) {
    CollectionDef.Builder all = CollectionDef.newBuilder();
    for (Variable variable : listed) {
      String name = variable.name();
      all.getBytesListBuilder()
          .addValue(
              VariableDef.newBuilder()
                  .setVariableName(tensorName(variables.handle(name)))
                  .setInitializerName(variables.assignment(name).op().name())
                  .setSnapshotName(tensorName(variables.value(name)))
                  .setIsResource(true)
                  .setTrainable(variable.trainable())
                  .build()
                  .toByteString());
    }
    return all.build();
  }

  static String tensorName(Operand<?> operand) {
    return operand.op().name() + ":" + operand.asOutput().index();
  }
}
