package satellite.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import satellite.discovery.Node;

/** Connections whose state is set by hand. Each one that was opened is remembered. */
final class FakeConnector implements Connector<FakeConnector.FakeConnection> {

  /** A way to a node that goes nowhere. */
  static final class FakeConnection implements Connection {
    private final Runnable onChange;
    private State state;
    int reconnects;
    int closes;
    int brokenOff;

    private FakeConnection(Runnable onChange, State state) {
      this.onChange = onChange;
      this.state = state;
    }

    void become(State state) {
      this.state = state;
      onChange.run();
    }

    @Override
    public State state() {
      return state;
    }

    @Override
    public String why() {
      return state == State.DOWN ? "unplugged" : "";
    }

    @Override
    public void closeNow() {
      brokenOff++;
    }

    @Override
    public void reconnect() {
      reconnects++;
    }

    @Override
    public void close() {
      closes++;
    }
  }

  private final Connection.State first;
  private final Map<String, FakeConnection> latest = new HashMap<>();
  private final List<FakeConnection> opened = new ArrayList<>();

  /**
   * @param first the state that a connection is opened in
   */
  FakeConnector(Connection.State first) {
    this.first = first;
  }

  @Override
  public FakeConnection open(Node node, Runnable onChange) {
    FakeConnection connection = new FakeConnection(onChange, first);
    latest.put(node.address(), connection);
    opened.add(connection);
    return connection;
  }

  /** The latest connection to this host. */
  FakeConnection to(String host) {
    return latest.get(new Node(host, RouterFixture.PORT).address());
  }

  int opened() {
    return opened.size();
  }

  void assertAllClosedOnce() {
    opened.forEach(connection -> assertEquals(1, connection.closes));
  }
}
