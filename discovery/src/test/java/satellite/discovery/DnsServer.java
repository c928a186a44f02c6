package satellite.discovery;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.UnaryOperator;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * A DNS server on loopback, UDP and TCP at one port. Answers from the records that it was given,
 * and to some questions as a test says: with an error, not at all, or with any bytes.
 */
final class DnsServer implements AutoCloseable {

  static {
    // How often the client looks for questions that were not answered in time.
    System.setProperty("dnsjava.nio.selector_timeout", "20");
  }

  /** Null for silence. */
  interface Reply {
    byte[] to(Message query, boolean tcp) throws IOException;
  }

  static final int NEGATIVE_TTL = 20;

  private final DatagramSocket udp;
  private final ServerSocket tcp;
  private final Map<String, Reply> replies = new ConcurrentHashMap<>();
  private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
  private volatile List<Record> zone = List.of();
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private volatile int udpSize = 1232;

  /** Leaves connections open behind an answer. */
  volatile boolean holdsTcp;

  /** What each answer over TCP becomes on its way, its length in front. */
  volatile UnaryOperator<byte[]> wire = UnaryOperator.identity();

  DnsServer() throws IOException {
    tcp = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    udp = new DatagramSocket(address());
    daemon(this::serveUdp);
    daemon(this::serveTcp);
  }

  private static void daemon(Runnable work) {
    var thread = new Thread(work, "test dns server");
    thread.setDaemon(true);
    thread.start();
  }

  InetSocketAddress address() {
    return new InetSocketAddress(tcp.getInetAddress(), tcp.getLocalPort());
  }

  /** Lines such as {@code oap.example. 30 A 10.0.0.1}; in place of all before. */
  void has(String... lines) {
    List<Record> records = new ArrayList<>();
    for (String line : lines) {
      String[] parts = line.split(" ", 4);
      try {
        records.add(
            Record.fromString(
                Name.fromString(parts[0]),
                Type.value(parts[2]),
                DClass.IN,
                Long.parseLong(parts[1]),
                parts[3],
                Name.root));
      } catch (IOException e) {
        throw new IllegalArgumentException(line, e);
      }
    }
    zone = records;
  }

  void fails(String question, int rcode) {
    replies(question, (query, tcp) -> empty(query, rcode).toWire());
  }

  void isSilent(String question) {
    replies(question, (query, tcp) -> null);
  }

  void replies(String question, Reply reply) {
    replies.put(question, reply);
  }

  void answersAgain() {
    replies.clear();
    wire = UnaryOperator.identity();
  }

  void truncatesBeyond(int bytes) {
    udpSize = bytes;
  }

  /**
   * Such as {@code oap.example. A}, {@code oap.example. A tcp}; what came since it was called last.
   */
  List<String> asked() {
    List<String> all = new ArrayList<>();
    asked.drainTo(all);
    return all;
  }

  static Message empty(Message query, int rcode) {
    var answer = new Message(query.getHeader().getID());
    answer.getHeader().setFlag(Flags.QR);
    answer.getHeader().setFlag(Flags.RA);
    answer.getHeader().setRcode(rcode);
    answer.addRecord(query.getQuestion(), Section.QUESTION);
    return answer;
  }

  Message fromZone(Message query) {
    Name name = query.getQuestion().getName();
    Message answer = empty(query, Rcode.NOERROR);
    for (int hops = 0; hops < 3; hops++) {
      Name alias = null;
      boolean exists = false;
      for (Record each : zone) {
        if (!each.getName().equals(name)) {
          continue;
        }
        exists = true;
        if (each instanceof CNAMERecord cname) {
          alias = cname.getTarget();
        }
        if (each instanceof CNAMERecord || each.getType() == query.getQuestion().getType()) {
          answer.addRecord(each, Section.ANSWER);
        }
      }
      if (alias == null) {
        answer.getHeader().setRcode(exists ? Rcode.NOERROR : Rcode.NXDOMAIN);
        break;
      }
      name = alias;
    }
    List<Record> found = answer.getSection(Section.ANSWER);
    if (found.isEmpty() || found.get(found.size() - 1) instanceof CNAMERecord) {
      answer.addRecord(soa(), Section.AUTHORITY);
    }
    return answer;
  }

  private static Record soa() {
    try {
      String text = "ns. root. 1 7200 1800 86400 " + NEGATIVE_TTL;
      return Record.fromString(Name.root, Type.SOA, DClass.IN, 3600, text, Name.root);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private byte[] answer(byte[] question, boolean overTcp) throws IOException {
    var query = new Message(question);
    Record asks = query.getQuestion();
    String text = asks.getName() + " " + Type.string(asks.getType());
    asked.add(overTcp ? text + " tcp" : text);
    Reply reply = replies.getOrDefault(text, replies.get("*"));
    if (reply != null) {
      return reply.to(query, overTcp);
    }
    byte[] answer = fromZone(query).toWire();
    if (!overTcp && answer.length > udpSize) {
      Message cut = empty(query, Rcode.NOERROR);
      cut.getHeader().setFlag(Flags.TC);
      return cut.toWire();
    }
    return answer;
  }

  private void serveUdp() {
    byte[] buffer = new byte[4096];
    while (!udp.isClosed()) {
      try {
        var packet = new DatagramPacket(buffer, buffer.length);
        udp.receive(packet);
        byte[] answer = answer(Arrays.copyOf(buffer, packet.getLength()), false);
        if (answer != null) {
          udp.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        }
      } catch (IOException e) {
        // Closed, or the one who asked is gone.
      }
    }
  }

  private void serveTcp() {
    while (!tcp.isClosed()) {
      try {
        Socket socket = tcp.accept();
        open.add(socket);
        var in = new DataInputStream(socket.getInputStream());
        byte[] question = new byte[in.readUnsignedShort()];
        in.readFully(question);
        byte[] answer = answer(question, true);
        if (answer != null) {
          byte[] framed = new byte[answer.length + 2];
          framed[0] = (byte) (answer.length >> 8);
          framed[1] = (byte) answer.length;
          System.arraycopy(answer, 0, framed, 2, answer.length);
          new DataOutputStream(socket.getOutputStream()).write(wire.apply(framed));
        }
        if (!holdsTcp) {
          socket.close();
        }
      } catch (IOException e) {
        // Closed, or the one who asked is gone.
      }
    }
  }

  @Override
  public void close() throws IOException {
    udp.close();
    tcp.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
