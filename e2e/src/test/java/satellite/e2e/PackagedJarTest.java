package satellite.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What satellite.jar is made of: the libraries in it, found by their classes, with all that their
 * licences ask of whoever passes them on, and nothing for machines that it is not for.
 */
@Order(4)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PackagedJarTest {

  private static final Path TARGET = SatelliteProcess.ROOT.resolve("satellite/target");
  private static final Path JAR = TARGET.resolve("satellite.jar");
  private static final String TEXTS = "META-INF/licenses/";

  /** By the name of a file: what a library says of its licence. */
  private static final Pattern TEXT = Pattern.compile("(?i)(licen[cs]e|notice|copying|copyright)");

  /** A line of THIRD-PARTY.txt: group, artifact, version and licences. */
  private static final Pattern LINE = Pattern.compile("(?m)^(\\S+):(\\S+):(\\S+) {2}(\\S.*)$");

  /** Where libraries have moved others into themselves; THIRD-PARTY.txt tells which. */
  private static final List<String> WITHIN =
      List.of(
          "io/netty/util/internal/shaded/org/jctools/",
          "io/prometheus/metrics/shaded/com_google_protobuf_",
          "org/apache/kafka/shaded/com/google/protobuf/",
          "org/apache/kafka/shaded/io/opentelemetry/proto/",
          "org/apache/kafka/shaded/org/apache/commons/net/",
          "tools/jackson/core/internal/shaded/fdp/");

  private static final Pattern NATIVE = Pattern.compile(".*\\.(so|dll|dylib|jnilib|a)");
  private static final Pattern MACHINE =
      Pattern.compile("(?i).*(linux|darwin|mac|win|epoll).*(amd64|x86_64|aarch_?64).*");

  /** A sentence of the text that may not be left out. */
  private static final Map<String, String> DEMANDED =
      Map.of(
          "MIT", "Permission is hereby granted, free of charge",
          "BSD-2-Clause", "Redistributions in binary form must reproduce",
          "BSD-3-Clause", "Neither the name",
          "CC0-1.0", "CC0");

  private JarFile jar;
  private List<JarFile> libraries;
  private Map<String, String> licences;

  @BeforeAll
  void open() throws IOException {
    jar = new JarFile(JAR.toFile());
    libraries =
        Stream.of(
                Files.readString(TARGET.resolve("libraries.txt")).strip().split(File.pathSeparator))
            .map(PackagedJarTest::jarFile)
            .toList();
    licences = new TreeMap<>();
    Matcher line = LINE.matcher(text(jar, "META-INF/THIRD-PARTY.txt"));
    while (line.find()) {
      licences.put(line.group(2) + " " + line.group(3), line.group(4));
    }
  }

  @AfterAll
  void close() throws IOException {
    jar.close();
    for (JarFile library : libraries) {
      library.close();
    }
  }

  @Test
  void everyClassIsOursOrOfOneOfTheLibraries() {
    Set<String> known = new HashSet<>();
    libraries.forEach(library -> entries(library).forEach(known::add));
    assertEquals(
        List.of(),
        entries(jar)
            .filter(name -> name.endsWith(".class"))
            .filter(name -> !name.startsWith("satellite/") && !known.contains(name))
            .toList());
  }

  @Test
  void everyLibraryIsNamedWithItsLicence() {
    Set<String> names = libraries.stream().map(PackagedJarTest::name).collect(toSet());
    assertFalse(names.isEmpty());
    assertEquals(new TreeSet<>(names), new TreeSet<>(licences.keySet()));
  }

  /** By Maven's own marks, and by the packages into which the libraries have moved them. */
  @Test
  void librariesWithinLibrariesAreNamed() throws IOException {
    String list = text(jar, "META-INF/THIRD-PARTY.txt");
    assertEquals(
        List.of(),
        entries(jar)
            .filter(name -> name.matches("META-INF/maven/.*/pom.properties"))
            .map(name -> name.split("/"))
            .filter(path -> !path[2].equals("satellite") && !list.contains(path[3]))
            .map(path -> path[3])
            .toList());
    assertEquals(
        List.of(),
        entries(jar)
            .filter(name -> name.contains("/shaded/") && name.endsWith(".class"))
            .map(name -> name.replaceFirst("^META-INF/versions/\\d+/", ""))
            .filter(name -> WITHIN.stream().noneMatch(name::startsWith))
            .toList());
  }

  @Test
  void whatLibrariesSayOfTheirLicencesIsKeptToTheLetter() throws IOException {
    Set<String> kept = new HashSet<>();
    for (String name : texts()) {
      kept.add(text(jar, name));
    }
    int notices = 0;
    for (JarFile library : libraries) {
      for (String name : entries(library).filter(PackagedJarTest::speaksOfLicences).toList()) {
        assertTrue(kept.contains(text(library, name)), () -> name(library) + ": " + name);
        notices += name.contains("NOTICE") ? 1 : 0;
      }
    }
    assertTrue(notices > 0);
  }

  @Test
  void everyLicenceThatDemandsItsTextHasIt() throws IOException {
    Map<String, String> missing = new TreeMap<>();
    for (Map.Entry<String, String> library : licences.entrySet()) {
      for (String licence : library.getValue().split(", ")) {
        if (!licence.equals("Apache-2.0") && !textsOf(library.getKey()).contains(demand(licence))) {
          missing.put(library.getKey(), licence);
        }
      }
    }
    assertEquals(Map.of(), missing);
  }

  private static String demand(String licence) {
    assertTrue(DEMANDED.containsKey(licence), () -> "what does it demand? " + licence);
    return DEMANDED.get(licence);
  }

  /** Of the folder with its name, or with what several names begin with. */
  private String textsOf(String library) throws IOException {
    StringBuilder texts = new StringBuilder();
    for (String name : texts()) {
      if (library.startsWith(name.substring(TEXTS.length(), name.lastIndexOf('/')))) {
        texts.append(text(jar, name));
      }
    }
    return texts.toString().replaceAll("\\s+", " ");
  }

  @Test
  void itsOwnLicenceIsTheRepositorys() throws IOException {
    assertEquals(
        Files.readString(SatelliteProcess.ROOT.resolve("LICENSE")), text(jar, "META-INF/LICENSE"));
    assertTrue(text(jar, "META-INF/NOTICE").startsWith("Satellite\n"));
    assertEquals(
        Set.of("META-INF/LICENSE", "META-INF/NOTICE"),
        entries(jar)
            .filter(name -> !name.startsWith(TEXTS))
            .filter(PackagedJarTest::speaksOfLicences)
            .collect(toSet()));
  }

  @Test
  void thePublicSuffixListIsNotPassedOn() {
    assertEquals(
        List.of(),
        entries(jar)
            .filter(name -> name.matches(".*publicsuffix/.*\\.list|com/google/thirdparty/.+"))
            .toList());
  }

  @Test
  void nativeCodeIsForItsMachinesOnly() {
    Set<String> natives =
        entries(jar).filter(NATIVE.asMatchPredicate()).collect(toCollection(TreeSet::new));
    assertFalse(natives.isEmpty());
    natives.removeIf(MACHINE.asMatchPredicate());
    assertEquals(Set.of(), natives);
  }

  /**
   * Kafka's three; for lz4 there is Java code, too, which would hide that the fast one is missing.
   */
  @Test
  void nativeCompressionIsThereForThisMachine() throws Exception {
    ClassLoader none = ClassLoader.getPlatformClassLoader();
    try (var loader = new URLClassLoader(new URL[] {JAR.toUri().toURL()}, none)) {
      call(loader, "net.jpountz.lz4.LZ4Factory", "nativeInstance");
      call(loader, "org.xerial.snappy.Snappy", "getNativeLibraryVersion");
      call(loader, "com.github.luben.zstd.Zstd", "defaultCompressionLevel");
    }
  }

  private static void call(ClassLoader loader, String type, String method) throws Exception {
    Class.forName(type, true, loader).getMethod(method).invoke(null);
  }

  private List<String> texts() {
    return entries(jar).filter(name -> name.startsWith(TEXTS) && !name.endsWith("/")).toList();
  }

  private static boolean speaksOfLicences(String name) {
    return !name.endsWith(".class")
        && !name.endsWith("/")
        && TEXT.matcher(name.substring(name.lastIndexOf('/') + 1)).find();
  }

  /** As repositories have it: .../artifact/version/file. */
  private static String name(JarFile library) {
    Path version = Path.of(library.getName()).getParent();
    return version.getParent().getFileName() + " " + version.getFileName();
  }

  private static Stream<String> entries(JarFile file) {
    return file.stream().map(JarEntry::getName);
  }

  private static String text(JarFile file, String name) throws IOException {
    return new String(file.getInputStream(file.getEntry(name)).readAllBytes(), UTF_8);
  }

  private static JarFile jarFile(String path) {
    try {
      return new JarFile(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
