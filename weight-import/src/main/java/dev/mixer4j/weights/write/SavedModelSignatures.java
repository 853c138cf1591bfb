package dev.mixer4j.weights.write;

import dev.mixer4j.core.Network;
import dev.mixer4j.core.Outputs;
import dev.mixer4j.core.Pass;
import dev.mixer4j.core.Prediction;
import dev.mixer4j.core.Variables;
import dev.mixer4j.core.image.ImageInput;
import dev.mixer4j.core.image.ImageTransform;
import dev.mixer4j.core.image.Preprocessing;
import dev.mixer4j.weights.Metadata;
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
import org.tensorflow.op.core.ReduceSum;
import org.tensorflow.op.core.Squeeze;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/** The signatures of a SavedModel, which {@link SavedModelInput} lists, each with its network. */
final class SavedModelSignatures {

  private static final String PREDICT = "tensorflow/serving/predict"; // TensorFlow Serving's API

  private final Ops tf;
  private final Network network;
  private final ImageInput input;
  private final Variables variables;
  private final ImageTransform transform;
  private final Optional<Operand<TString>> labels; // where there is a head

  SavedModelSignatures(Ops tf, Metadata metadata, Variables variables) {
    this.tf = tf;
    this.network = metadata.network();
    this.input = network.input();
    this.variables = variables;
    this.transform = metadata.info().transformOrDefault(network);
    this.labels =
        network.classes() == 0
            ? Optional.empty()
            : Optional.of(labels(metadata.info().classNames()));
  }

  private Operand<TString> labels(List<String> classNames) {
    return tf.array(
        IntStream.range(0, network.classes())
            .mapToObj(i -> Prediction.label(classNames, i))
            .toArray(String[]::new));
  }

  Map<SavedModelInput, SignatureDef> add() {
    Map<SavedModelInput, SignatureDef> signatures = new EnumMap<>(SavedModelInput.class);
    boolean square = input.height() == input.width(); // transforms are made for such
    if (square && (input.channels() == 1 || input.channels() == 3)) {
      Operand<TString> files =
          placeholder(SavedModelInput.IMAGE_BYTES, TString.class, Shape.of(-1));
      add(signatures, SavedModelInput.IMAGE_BYTES, files, normalize(decode(files)));
    }
    if (square) {
      Operand<TFloat32> images =
          placeholder(
              SavedModelInput.IMAGES, TFloat32.class, Shape.of(-1, -1, -1, input.channels()));
      Operand<TFloat32> pixels = Preprocessing.transform(tf, input, transform, checked(images));
      add(signatures, SavedModelInput.IMAGES, images, normalize(pixels));
    }
    Operand<TFloat32> normalized =
        placeholder(
            SavedModelInput.NORMALIZED,
            TFloat32.class,
            Shape.of(-1, input.height(), input.width(), input.channels()));
    add(signatures, SavedModelInput.NORMALIZED, normalized, checked(normalized));
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

  /** Each file by itself, since their sizes differ: [N] to [N, height, width, channels]. */
  private Operand<TFloat32> decode(Operand<TString> files) {
    Shape one = Shape.of(input.height(), input.width(), input.channels());
    try (ConcreteFunction body = ConcreteFunction.create(this::decodeOne)) {
      return tf.mapDefun(List.of(files), List.of(), List.of(TFloat32.class), List.of(one), body)
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
    Operand<? extends TNumber> image = input.channels() == 1 ? gray(body, pixels) : pixels;
    Operand<TFloat32> transformed =
        Preprocessing.transform(body, input, transform, body.expandDims(image, body.constant(0)));
    return Signature.builder()
        .key("decode")
        .input("file", file)
        .output("pixels", body.squeeze(transformed, Squeeze.axis(List.of(0L))))
        .build();
  }

  /** Pillow's {@code convert("L")}: (19595 R + 38470 G + 7471 B + 32768) / 65536, rounded down. */
  private static Operand<TInt32> gray(Ops body, Operand<TUint8> pixels) {
    Operand<TInt32> parts =
        body.math.mul(body.dtypes.cast(pixels, TInt32.class), body.array(19595, 38470, 7471));
    Operand<TInt32> sum = body.reduceSum(parts, body.constant(2), ReduceSum.keepDims(true));
    return body.math.floorDiv(body.math.add(sum, body.constant(0x8000)), body.constant(0x10000));
  }

  private Operand<TFloat32> normalize(Operand<TFloat32> pixels) {
    return Preprocessing.normalize(tf, input, pixels);
  }

  private void add(
      Map<SavedModelInput, SignatureDef> signatures,
      SavedModelInput name,
      Operand<?> from,
      Operand<TFloat32> normalized) {
    Outputs outputs = network.apply(Pass.inference(tf, variables::value), normalized);
    Ops scope = tf.withSubScope("from_" + name);
    SignatureDef.Builder signature =
        SignatureDef.newBuilder()
            .setMethodName(PREDICT)
            .putInputs(name.toString(), info(from))
            .putOutputs("features", info(scope.withName("features").identity(outputs.features())));
    labels.ifPresent(names -> addHead(signature, scope, outputs.logits(), names));
    signatures.put(name, signature.build());
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
