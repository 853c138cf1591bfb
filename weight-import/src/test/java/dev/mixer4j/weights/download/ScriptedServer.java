package dev.mixer4j.weights.download;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/**
 * An HTTP server on loopback that answers each request as a test says, rules of the protocol or
 * not, and closes the connection after each answer.
 */
public final class ScriptedServer implements AutoCloseable {

  /** A request's target and headers; header names in any case. */
  public record Request(String target, Map<String, String> headers) {
    /** A header's value, or null. */
    public String header(String name) {
      return headers.get(name);
    }
  }

  /**
   * What is sent back.
   *
   * @param head status line and headers
   * @param body as much of it as is sent
   * @param hangMillis how long the connection stays open after that
   * @param dripMillis how long each byte of the body takes; 0 to send all at once
   */
  public record Answer(String head, byte[] body, long hangMillis, long dripMillis) {
    public Answer(String head, byte[] body, long hangMillis) {
      this(head, body, hangMillis, 0);
    }

    /** An answer that ends with its body. Each header ends with {@code |}. */
    public static Answer of(int status, String headers, byte[] body) {
      return new Answer("HTTP/1.1 " + status + " X\r\n" + headers.replace("|", "\r\n"), body, 0);
    }
  }

  private final ServerSocket socket;
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private volatile Function<Request, Answer> script;

  /** Starts a server on a free port. */
  public ScriptedServer() throws IOException {
    socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "scripted server");
    thread.setDaemon(true);
    thread.start();
  }

  /** Answers all requests from now on this way. */
  public void answer(Function<Request, Answer> newScript) {
    script = newScript;
  }

  /** A path's URL here. */
  public URI url(String path) {
    return URI.create("http://127.0.0.1:" + socket.getLocalPort() + path);
  }

  /** All requests so far. */
  public List<Request> requests() {
    return requests;
  }

  private void serve() {
    while (!socket.isClosed()) {
      try {
        Socket connection = socket.accept();
        Thread thread = new Thread(() -> handle(connection), "scripted answer");
        thread.setDaemon(true);
        thread.start();
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void handle(Socket connection) {
    try (connection;
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII))) {
      String target = in.readLine().split(" ")[1];
      Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
        headers.put(line.substring(0, line.indexOf(':')), line.substring(line.indexOf(':') + 2));
      }
      Request request = new Request(target, headers);
      requests.add(request);
      Answer answer = script.apply(request);
      OutputStream out = connection.getOutputStream();
      out.write((answer.head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      if (answer.dripMillis == 0) {
        out.write(answer.body);
      } else {
        for (byte each : answer.body) {
          out.write(each);
          out.flush();
          Thread.sleep(answer.dripMillis);
        }
      }
      out.flush();
      Thread.sleep(answer.hangMillis);
    } catch (IOException | InterruptedException e) {
      return; // the client went away, as some tests have it do
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
