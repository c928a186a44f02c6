package satellite.discovery;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.NameTooLongException;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Resolver;
import org.xbill.DNS.ResolverConfig;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;
import org.xbill.DNS.WireParseException;
import org.xbill.DNS.hosts.HostsFileParser;
import org.xbill.DNS.io.DefaultIoClientFactory;
import org.xbill.DNS.io.TcpIoClient;

/**
 * Asks DNS servers in turn until one answers, {@value #ROUNDS} times each. That there is no such
 * name or no such record is an answer; all else is an {@link IOException} that names the question
 * and what each server did. Waits for nothing; what follows an answer runs on the executor.
 *
 * @param search the domains that are tried for a name that is not absolute
 * @param ndots with fewer dots in it, a name is tried with the domains first and as it is last
 * @param hosts null for none
 */
record DnsClient(
    List<InetSocketAddress> servers,
    List<Name> search,
    int ndots,
    Path hosts,
    Function<InetSocketAddress, Resolver> resolvers,
    Executor executor) {

  static final int ROUNDS = 2;
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final int MAX_ALIASES = 8;
  private static final Path SYSTEM_HOSTS = Path.of("/etc/hosts");

  /**
   * @param ttl seconds for which it holds, the least of all answers that led to it; {@link #NO_TTL}
   *     if none of them says
   */
  record Answer<T>(List<T> all, long ttl) {

    static final long NO_TTL = Long.MAX_VALUE;

    static <T> Answer<T> nothing() {
      return new Answer<>(List.of(), NO_TTL);
    }

    Answer<T> and(Answer<T> other) {
      var both = new ArrayList<>(all);
      both.addAll(other.all);
      return new Answer<>(both, Math.min(ttl, other.ttl));
    }
  }

  static DnsClient ofSystem(Executor executor) {
    var system = new ResolverConfig();
    return new DnsClient(
        system.servers(),
        system.searchPath(),
        system.ndots(),
        SYSTEM_HOSTS,
        server -> configured(new SimpleResolver(server), TIMEOUT),
        executor);
  }

  static DnsClient of(List<InetSocketAddress> servers, Executor executor) {
    return new DnsClient(
        servers,
        List.of(),
        1,
        null,
        server -> configured(new SimpleResolver(server), TIMEOUT),
        executor);
  }

  static Resolver configured(SimpleResolver resolver, Duration timeout) {
    resolver.setTimeout(timeout);
    resolver.setIoClientFactory(
        new DefaultIoClientFactory() {
          @Override
          public TcpIoClient createOrGetTcpClient() {
            return new DnsTcp();
          }
        });
    return resolver;
  }

  /** IPv4 and IPv6: of the hosts file if it knows the name, else of both questions. */
  CompletionStage<Answer<InetAddress>> addresses(Name name) {
    List<InetAddress> local = new ArrayList<>();
    if (hosts != null) {
      try {
        var file = new HostsFileParser(hosts);
        Name absolute = Name.concatenate(name, Name.root);
        file.getAddressForHost(absolute, Type.A).ifPresent(local::add);
        file.getAddressForHost(absolute, Type.AAAA).ifPresent(local::add);
      } catch (IOException e) {
        return failed(hosts + ": cannot be read: " + e);
      }
    }
    return local.isEmpty()
        ? searched(name, Type.A, Type.AAAA).thenApply(DnsClient::addresses)
        : done(new Answer<>(local, Answer.NO_TTL));
  }

  private static Answer<InetAddress> addresses(Answer<Record> records) {
    List<InetAddress> addresses = new ArrayList<>();
    for (Record each : records.all()) {
      if (each instanceof ARecord a) {
        addresses.add(a.getAddress());
      } else if (each instanceof AAAARecord aaaa) {
        addresses.add(aaaa.getAddress());
      }
    }
    return new Answer<>(addresses, records.ttl());
  }

  CompletionStage<Answer<SRVRecord>> services(Name name) {
    return searched(name, Type.SRV)
        .thenApply(
            records ->
                new Answer<>(
                    records.all().stream()
                        .filter(SRVRecord.class::isInstance)
                        .map(SRVRecord.class::cast)
                        .toList(),
                    records.ttl()));
  }

  private CompletionStage<Answer<Record>> searched(Name name, int... types) {
    return searched(candidates(name).iterator(), Answer.nothing(), types);
  }

  /**
   * One after the other, until there are records. One that fails is the end: which of the others
   * would have been meant cannot be known without it.
   */
  private CompletionStage<Answer<Record>> searched(
      Iterator<Name> candidates, Answer<Record> before, int[] types) {
    Name candidate = candidates.next();
    List<CompletionStage<Answer<Record>>> asked = new ArrayList<>();
    for (int type : types) {
      asked.add(ask(candidate, type, 0));
    }
    CompletionStage<Answer<Record>> all = done(before);
    for (CompletionStage<Answer<Record>> each : asked) {
      all = all.thenCombine(each, Answer::and);
    }
    return all.thenCompose(
        answer ->
            answer.all().isEmpty() && candidates.hasNext()
                ? searched(candidates, answer, types)
                : done(answer));
  }

  private List<Name> candidates(Name name) {
    if (name.isAbsolute()) {
      return List.of(name);
    }
    List<Name> candidates = new ArrayList<>();
    for (Name domain : search) {
      addWithin(domain, name, candidates);
    }
    var itself = new ArrayList<Name>();
    addWithin(Name.root, name, itself);
    boolean first = name.labels() - 1 >= ndots;
    candidates.addAll(first ? 0 : candidates.size(), itself);
    return candidates;
  }

  private static void addWithin(Name domain, Name name, List<Name> candidates) {
    try {
      candidates.add(Name.concatenate(name, domain));
    } catch (NameTooLongException e) {
      // There can be no such name.
    }
  }

  private CompletionStage<Answer<Record>> ask(Name name, int type, int aliases) {
    return send(name, type, 0, new LinkedHashMap<>())
        .thenCompose(message -> read(message, name, type, aliases));
  }

  /** Follows aliases, within the message as far as it leads. */
  private CompletionStage<Answer<Record>> read(Message message, Name name, int type, int aliases) {
    List<Record> answer = message.getSection(Section.ANSWER);
    Name at = name;
    long ttl = Answer.NO_TTL;
    for (int hops = aliases; hops <= MAX_ALIASES; hops++) {
      List<Record> found = new ArrayList<>();
      Record alias = null;
      for (Record each : answer) {
        if (each.getDClass() != DClass.IN || !each.getName().equals(at)) {
          continue;
        }
        if (each.getType() == type) {
          found.add(each);
        } else if (each instanceof CNAMERecord) {
          alias = each;
        }
      }
      for (Record each : found) {
        ttl = Math.min(ttl, each.getTTL());
      }
      if (!found.isEmpty()) {
        return done(new Answer<>(found, ttl));
      }
      if (alias == null) {
        return at.equals(name) || isNegative(message)
            ? done(new Answer<>(List.of(), Math.min(ttl, negativeTtl(message))))
            : followed(at, type, hops, ttl);
      }
      ttl = Math.min(ttl, alias.getTTL());
      at = ((CNAMERecord) alias).getTarget();
    }
    return failed(question(name, type) + " leads through more than " + MAX_ALIASES + " aliases");
  }

  private CompletionStage<Answer<Record>> followed(Name to, int type, int hops, long ttl) {
    return ask(to, type, hops)
        .thenApply(answer -> new Answer<>(answer.all(), Math.min(ttl, answer.ttl())));
  }

  private static boolean isNegative(Message message) {
    return message.getRcode() == Rcode.NXDOMAIN || negativeTtl(message) != Answer.NO_TTL;
  }

  private static long negativeTtl(Message message) {
    long ttl = Answer.NO_TTL;
    for (Record each : message.getSection(Section.AUTHORITY)) {
      if (each instanceof SOARecord soa) {
        ttl = Math.min(ttl, Math.min(soa.getTTL(), soa.getMinimum()));
      }
    }
    return ttl;
  }

  private CompletionStage<Message> send(
      Name name, int type, int attempt, Map<InetSocketAddress, String> problems) {
    InetSocketAddress server = servers.get(attempt % servers.size());
    return sent(server, name, type)
        .handle(
            (message, thrown) -> {
              String problem = thrown == null ? problem(message) : problem(thrown);
              if (problem.isEmpty()) {
                return done(message);
              }
              problems.put(server, problem);
              return attempt + 1 < servers.size() * ROUNDS
                  ? send(name, type, attempt + 1, problems)
                  : DnsClient.<Message>failed(question(name, type) + ": " + said(problems));
            })
        .thenCompose(Function.identity());
  }

  private CompletionStage<Message> sent(InetSocketAddress server, Name name, int type) {
    try {
      var query = Message.newQuery(Record.newRecord(name, type, DClass.IN));
      return resolvers.apply(server).sendAsync(query, executor);
    } catch (RuntimeException e) {
      return CompletableFuture.failedStage(e);
    }
  }

  /** Empty for an answer. */
  private static String problem(Message message) {
    int rcode = message.getRcode();
    if (rcode != Rcode.NOERROR && rcode != Rcode.NXDOMAIN) {
      return "answers " + Rcode.string(rcode);
    }
    if (!message.getHeader().getFlag(Flags.QR)) {
      return "sends what is no answer";
    }
    if (message.getHeader().getFlag(Flags.TC)) {
      return "answers in part only";
    }
    return isReferral(message) ? "names other servers to ask instead; it must ask them itself" : "";
  }

  private static boolean isReferral(Message message) {
    return message.getRcode() == Rcode.NOERROR
        && !message.getHeader().getFlag(Flags.AA)
        && message.getSection(Section.ANSWER).isEmpty()
        && negativeTtl(message) == Answer.NO_TTL
        && message.getSection(Section.AUTHORITY).stream().anyMatch(r -> r.getType() == Type.NS);
  }

  /** The same words whenever the same thing happens: each other text is a line in the log. */
  private static String problem(Throwable thrown) {
    Throwable cause = thrown instanceof CompletionException ? thrown.getCause() : thrown;
    if (cause instanceof SocketTimeoutException || cause instanceof TimeoutException) {
      return "does not answer";
    }
    if (cause instanceof WireParseException) {
      return "sends what is no answer";
    }
    return "cannot be asked: " + (cause.getMessage() == null ? cause : cause.getMessage());
  }

  private static String question(Name name, int type) {
    return name + " " + Type.string(type);
  }

  private static String said(Map<InetSocketAddress, String> problems) {
    var said = new ArrayList<String>();
    problems.forEach(
        (server, problem) -> {
          String host =
              server.isUnresolved() ? server.getHostString() : NodeText.host(server.getAddress());
          said.add("server " + new Node(host, server.getPort()).address() + " " + problem);
        });
    return String.join(", ", said);
  }

  private static <T> CompletionStage<T> done(T value) {
    return CompletableFuture.completedStage(value);
  }

  private static <T> CompletionStage<T> failed(String why) {
    return CompletableFuture.failedStage(new IOException(why));
  }
}
