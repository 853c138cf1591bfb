package dev.mixer4j.weights.write;

import dev.mixer4j.core.ImageTransform;
import dev.mixer4j.core.Mixer;
import dev.mixer4j.core.MixerConfig;
import dev.mixer4j.core.MixerVariables;
import dev.mixer4j.core.Prediction;
import dev.mixer4j.core.Preprocessing;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Operand;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * A SavedModel's ways in, of which {@link SavedModelInput} tells, each with a network behind it.
 */
final class SavedModelSignatures {

  private static final String PREDICT = "tensorflow/serving/predict"; // TensorFlow Serving's API

  private final Ops tf;
  private final MixerConfig config;
  private final MixerVariables variables;
  private final ImageTransform transform;
  private final Optional<Operand<TString>> labels; // where there is a head

  /**
   * Adds nothing but what all signatures share.
   *
   * @param variables which they all read
   * @param transform what becomes of images that are not normalised yet
   * @param classNames in the order of the logits, or empty
   */
  SavedModelSignatures(
      Ops tf,
      MixerConfig config,
      MixerVariables variables,
      ImageTransform transform,
      List<String> classNames) {
    this.tf = tf;
    this.config = config;
    this.variables = variables;
    this.transform = transform;
    this.labels = config.classes() == 0 ? Optional.empty() : Optional.of(labels(classNames));
  }

  private Operand<TString> labels(List<String> classNames) {
    return tf.array(
        IntStream.range(0, config.classes())
            .mapToObj(i -> Prediction.label(classNames, i))
            .toArray(String[]::new));
  }

  /** Adds the operations of all signatures. */
  Map<SavedModelInput, SignatureDef> add() {
    long size = config.imageSize();
    Operand<TString> files = placeholder(SavedModelInput.IMAGE_BYTES, TString.class, Shape.of(-1));
    Operand<TFloat32> images =
        placeholder(SavedModelInput.IMAGES, TFloat32.class, Shape.of(-1, -1, -1, 3));
    Operand<TFloat32> normalized =
        placeholder(SavedModelInput.NORMALIZED, TFloat32.class, Shape.of(-1, size, size, 3));
    Map<SavedModelInput, SignatureDef> signatures = new EnumMap<>(SavedModelInput.class);
    signatures.put(
        SavedModelInput.IMAGE_BYTES,
        signature(SavedModelInput.IMAGE_BYTES, files, normalize(decode(files))));
    signatures.put(
        SavedModelInput.IMAGES,
        signature(
            SavedModelInput.IMAGES,
            images,
            normalize(Preprocessing.transform(tf, config, transform, checked(images)))));
    signatures.put(
        SavedModelInput.NORMALIZED,
        signature(SavedModelInput.NORMALIZED, normalized, checked(normalized)));
    return signatures;
  }

  private <T extends TType> Operand<T> placeholder(
      SavedModelInput input, Class<T> type, Shape shape) {
    return tf.withName(input.toString()).placeholder(type, Placeholder.shape(shape));
  }

  /** A session takes a placeholder's shape for granted, and some kernels end the process then. */
  private Operand<TFloat32> checked(Operand<TFloat32> images) {
    return tf.ensureShape(images, images.shape());
  }

  /** Each file by itself, since their sizes differ: [N] to [N, imageSize, imageSize, 3]. */
  private Operand<TFloat32> decode(Operand<TString> files) {
    long size = config.imageSize();
    try (ConcreteFunction one = ConcreteFunction.create(this::decodeOne)) {
      return tf.mapDefun(
              List.of(files),
              List.of(),
              List.of(TFloat32.class),
              List.of(Shape.of(size, size, 3)),
              one)
          .output()
          .get(0)
          .expect(TFloat32.class);
    }
  }

  private Signature decodeOne(Ops body) {
    Operand<TString> file = body.placeholder(TString.class, Placeholder.shape(Shape.scalar()));
    var pixels =
        body.image.decodeJpeg( // which decodes PNG too
            file, DecodeJpeg.channels(3L), DecodeJpeg.dctMethod("INTEGER_ACCURATE"));
    Operand<TFloat32> transformed =
        Preprocessing.transform(body, config, transform, body.expandDims(pixels, body.constant(0)));
    return Signature.builder()
        .key("decode")
        .input("file", file)
        .output("pixels", body.squeeze(transformed, Squeeze.axis(List.of(0L))))
        .build();
  }

  private Operand<TFloat32> normalize(Operand<TFloat32> pixels) {
    return Preprocessing.normalize(tf, config, pixels);
  }

  private SignatureDef signature(
      SavedModelInput name, Operand<?> input, Operand<TFloat32> normalized) {
    Mixer.Outputs outputs = Mixer.inference(tf, config, variables::value, normalized);
    Ops scope = tf.withSubScope("from_" + name);
    SignatureDef.Builder signature =
        SignatureDef.newBuilder()
            .setMethodName(PREDICT)
            .putInputs(name.toString(), info(input))
            .putOutputs("features", info(scope.withName("features").identity(outputs.features())));
    labels.ifPresent(names -> addHead(signature, scope, outputs.logits(), names));
    return signature.build();
  }

  private static void addHead(
      SignatureDef.Builder signature, Ops scope, Operand<TFloat32> head, Operand<TString> names) {
    Operand<TFloat32> logits = scope.withName("logits").identity(head);
    Operand<TFloat32> probabilities = scope.withName("probabilities").nn.softmax(logits);
    Operand<TInt64> best = scope.math.argMax(logits, scope.constant(1));
    Operand<TString> classes = scope.withName("classes").gather(names, best, scope.constant(0));
    signature
        .putOutputs("logits", info(logits))
        .putOutputs("probabilities", info(probabilities))
        .putOutputs("classes", info(classes));
  }

  private static TensorInfo info(Operand<?> operand) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long size : operand.shape().asArray()) {
      shape.addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
    }
    return TensorInfo.newBuilder()
        .setName(SavedModelWriter.tensorName(operand))
        .setDtype(operand.asOutput().dataType())
        .setTensorShape(shape)
        .build();
  }
}
