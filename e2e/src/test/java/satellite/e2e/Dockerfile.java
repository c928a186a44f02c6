package satellite.e2e;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The last stage of a Dockerfile, as far as ours go: no ARG, lists only as JSON. */
record Dockerfile(List<Instruction> instructions) {

  record Instruction(String word, String rest) {}

  static Dockerfile read(Path file) {
    try {
      String text =
          Files.readString(file).replaceAll("(?m)^#.*\n", "").replaceAll("\\\\\n\\s*", "");
      List<Instruction> stage = new ArrayList<>();
      for (String line : text.lines().filter(line -> !line.isBlank()).toList()) {
        String[] parts = line.split("\\s+", 2);
        if (parts[0].equals("FROM")) {
          stage.clear();
        }
        stage.add(new Instruction(parts[0], parts[1]));
      }
      return new Dockerfile(List.copyOf(stage));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What follows that word, for each time that it stands there. */
  List<String> all(String word) {
    return instructions.stream().filter(i -> i.word().equals(word)).map(Instruction::rest).toList();
  }

  String one(String word) {
    List<String> all = all(word);
    if (all.size() != 1) {
      throw new AssertionError(word + " stands there " + all.size() + " times");
    }
    return all.get(0);
  }

  /** ENTRYPOINT and CMD: what runs when nobody says anything else. */
  List<String> command() {
    List<String> command = new ArrayList<>();
    for (String word : List.of("ENTRYPOINT", "CMD")) {
      command.addAll(List.of(new Gson().fromJson(one(word), String[].class)));
    }
    return command;
  }

  Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    for (String setting : all("ENV")) {
      String[] parts = setting.split("=", 2);
      environment.put(parts[0], parts[1].replaceAll("^\"|\"$", ""));
    }
    return environment;
  }
}
