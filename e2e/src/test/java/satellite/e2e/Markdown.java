package satellite.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A document of this repository. */
record Markdown(String name, List<String> lines) {

  private static final String FENCE = "```";

  /**
   * A fenced block.
   *
   * @param line of its first line, counted from 1
   */
  record Block(String document, int line, String language, String text) {
    @Override
    public String toString() {
      return document + ":" + line + " " + text.lines().findFirst().orElse("");
    }
  }

  static Markdown read(Path file) throws IOException {
    String name = SatelliteProcess.ROOT.relativize(file).toString();
    return new Markdown(name, Files.readAllLines(file));
  }

  /** README.md and what stands in docs. */
  static List<Markdown> all() throws IOException {
    List<Markdown> all = new ArrayList<>();
    all.add(read(SatelliteProcess.ROOT.resolve("README.md")));
    try (Stream<Path> docs = Files.list(SatelliteProcess.ROOT.resolve("docs"))) {
      for (Path file : docs.filter(f -> f.toString().endsWith(".md")).sorted().toList()) {
        all.add(read(file));
      }
    }
    return all;
  }

  List<Block> blocks(String language) {
    List<Block> blocks = new ArrayList<>();
    int start = -1;
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).strip().startsWith(FENCE)) {
        continue;
      }
      if (start < 0) {
        start = i;
      } else {
        // stripIndent, as a block may belong to an item of a list.
        String text = String.join("\n", lines.subList(start + 1, i)).stripIndent();
        String info = lines.get(start).strip().substring(FENCE.length()).strip();
        blocks.add(new Block(name, start + 2, info, text));
        start = -1;
      }
    }
    if (start >= 0) {
      throw new AssertionError(name + ":" + (start + 1) + " opens a block that nothing closes");
    }
    return blocks.stream().filter(block -> block.language().equals(language)).toList();
  }
}
