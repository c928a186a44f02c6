package satellite;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** One library, one home; and no package that needs one that needs it. */
@AnalyzeClasses(packages = "satellite", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  private static ArchRule livesIn(String home, String... libraries) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(home)
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
          "com.google.gson..",
          "org.apache.kafka..");

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
