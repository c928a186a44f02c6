package satellite;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;

/**
 * One library, one home; and no package that needs one that needs it. The stand-ins for both ends
 * speak gRPC too.
 */
@AnalyzeClasses(packages = "satellite", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  /** As README.md draws them. Each may import those that are named behind it. */
  private static final Map<String, List<String>> IMPORTS_OF_PIPES =
      Map.of(
          "protocol", List.of(),
          "transport", List.of(),
          "tls", List.of(),
          "json", List.of(),
          "pipe", List.of("protocol"),
          "grpc", List.of("pipe", "protocol", "tls", "transport"),
          "kafka", List.of("pipe", "protocol", "tls"),
          "server", List.of("pipe", "protocol", "tls", "transport"),
          "http", List.of("pipe", "protocol", "json", "tls", "transport"),
          "deadletters", List.of("protocol", "json"));

  @ArchTest
  static void thePackagesOfPipesImportInOneDirection(JavaClasses classes) {
    IMPORTS_OF_PIPES.forEach(
        (name, others) -> {
          String[] forbidden =
              IMPORTS_OF_PIPES.keySet().stream()
                  .filter(other -> !other.equals(name) && !others.contains(other))
                  .map(other -> "satellite.pipes." + other)
                  .toArray(String[]::new);
          noClasses()
              .that()
              .resideInAPackage("satellite.pipes." + name)
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(forbidden)
              .because("it may import " + others + " only")
              .check(classes);
        });
  }

  @ArchTest
  static final ArchRule everyPackageOfPipesIsDrawn =
      classes()
          .that()
          .resideInAPackage("satellite.pipes..")
          .should()
          .resideInAnyPackage(
              IMPORTS_OF_PIPES.keySet().stream()
                  .map(name -> "satellite.pipes." + name)
                  .toArray(String[]::new));

  /** It takes a forwarder, whatever that speaks; {@code Status} is how answers are told. */
  @ArchTest
  static final ArchRule aPipeSpeaksNoWireProtocol =
      noClasses()
          .that()
          .resideInAPackage("satellite.pipes.pipe")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("io.grpc..", "io.netty..", "org.apache.kafka..")
                  .and(not(nameMatching("io\\.grpc\\.Status.*"))));

  private static ArchRule livesIn(String home, String... libraries) {
    return noClasses()
        .that()
        .resideOutsideOfPackages(home, "satellite.standin")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(libraries)
        .because("their home is " + home);
  }

  @ArchTest
  static final ArchRule wireProtocols =
      livesIn(
          "satellite.pipes..",
          "io.grpc..",
          "io.netty..",
          "com.google.protobuf..",
          "org.apache.kafka..");

  /** The one library for JSON: what is on the wire, and the status page. */
  @ArchTest
  static final ArchRule gson =
      noClasses()
          .that(not(resideInAnyPackage("satellite.pipes..", "satellite.admin..")))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.google.gson..");

  @ArchTest
  static final ArchRule caffeine = livesIn("satellite.routing..", "com.github.benmanes..");

  @ArchTest
  static final ArchRule micrometer =
      livesIn("satellite.metrics..", "io.micrometer..", "io.prometheus..");

  @ArchTest static final ArchRule snakeYaml = livesIn("satellite.config..", "org.yaml..");

  /** The program and its subcommands. */
  @ArchTest
  static final ArchRule picocli =
      noClasses()
          .that(not(resideInAnyPackage("satellite", "satellite.demo..", "satellite.deadletters..")))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("picocli..");

  @ArchTest
  static final ArchRule kubernetes =
      livesIn("satellite.discovery.kubernetes..", "io.fabric8..", "tools.jackson..");

  @ArchTest static final ArchRule dns = livesIn("satellite.discovery..", "org.xbill..");

  @ArchTest
  static final ArchRule queueNeedsTheJdkOnly =
      classes()
          .that()
          .resideInAPackage("satellite.queue..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("java..", "satellite.queue..");

  @ArchTest
  static final ArchRule queueAndDiscoveryDoNotKnowEachOther =
      noClasses()
          .that()
          .resideInAPackage("satellite.queue..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("satellite.discovery..");

  /**
   * The demonstration is started by the program and starts it: of one piece, though two packages.
   */
  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("satellite.(*)..").should().beFreeOfCycles();
}
