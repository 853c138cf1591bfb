package dev.mixer4j.finetune.session;

import dev.mixer4j.core.MixerException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InaccessibleObjectException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.TensorFlow;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_DeviceList;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_ImportGraphDefOptions;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/**
 * Opens sessions with features of TensorFlow's C API that TensorFlow-Java lacks: listing devices,
 * using a server, and placing operations that were made without a device, such as gradients.
 */
@SuppressWarnings("try") // a PointerScope frees what is made while it is open
public final class PlacedSession {

  private PlacedSession() {}

  /** The names of the devices of a session on a server; a null target is this process. */
  public static List<String> devices(String target, ConfigProto options) {
    TensorFlow.version(); // loads it
    try (PointerScope scope = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      TF_Session session = open(TF_Graph.newGraph(), target, options, status);
      TF_DeviceList list = tensorflow.TF_SessionListDevices(session, status);
      status.throwExceptionIfNotOK();
      List<String> names = new ArrayList<>();
      for (int i = 0; i < tensorflow.TF_DeviceListCount(list); i++) {
        names.add(tensorflow.TF_DeviceListName(list, i, status).getString());
      }
      tensorflow.TF_DeleteDeviceList(list);
      return names;
    }
  }

  private static TF_Session open(
      TF_Graph graph, String target, ConfigProto options, TF_Status status) {
    TF_SessionOptions all = TF_SessionOptions.newSessionOptions();
    BytePointer bytes = new BytePointer(options.toByteArray());
    tensorflow.TF_SetConfig(all, bytes, bytes.limit(), status);
    status.throwExceptionIfNotOK();
    if (target != null) {
      tensorflow.TF_SetTarget(all, target);
    }
    TF_Session session = TF_Session.newSession(graph, all, status);
    status.throwExceptionIfNotOK();
    return session;
  }

  /** Opens a session on a complete graph; devices are by the outermost scope of operations. */
  public static Session open(
      Graph graph, Map<String, String> devices, String target, ConfigProto options) {
    GraphDef.Builder placed = graph.toGraphDef().toBuilder();
    for (NodeDef.Builder node : placed.getNodeBuilderList()) {
      String name = node.getName();
      node.setDevice(devices.getOrDefault(name.substring(0, Math.max(0, name.indexOf('/'))), ""));
    }
    try (PointerScope scope = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      TF_Graph copy = TF_Graph.newGraph();
      tensorflow.TF_GraphImportGraphDef(
          copy,
          TF_Buffer.newBufferFromString(placed.build()),
          TF_ImportGraphDefOptions.newImportGraphDefOptions(),
          status);
      status.throwExceptionIfNotOK();
      Constructor<Session> constructor =
          Session.class.getDeclaredConstructor(Graph.class, TF_Session.class);
      constructor.setAccessible(true);
      TF_Session session = open(copy, target, options, status);
      session.retainReference(); // beyond this scope; the Java session frees it
      // TensorFlow feeds and fetches by name, so the copy's session works for the original graph.
      return constructor.newInstance(graph, session);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("another version of TensorFlow-Java than 1.1", e);
    } catch (InaccessibleObjectException e) {
      throw new MixerException(
          "training on several devices needs Java's option"
              + " --add-opens tensorflow/org.tensorflow=dev.mixer4j.finetune, or the class path",
          e);
    }
  }
}
