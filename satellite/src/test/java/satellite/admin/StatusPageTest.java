package satellite.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What stands in the page, and what does not. */
class StatusPageTest {

  private final StatusPage page = new StatusPage();

  @Test
  void nothingInItIsElsewhere() {
    for (String way : List.of("http:", "https:", "//cdn", "@import", "url(", " src=", "import(")) {
      assertFalse(page.html().contains(way), way);
    }
    List<String> links =
        Pattern.compile("href=\"([^\"]*)\"")
            .matcher(page.html())
            .results()
            .map(link -> link.group(1))
            .toList();
    assertEquals(List.of("data:,", "status.json"), links);
  }

  @Test
  void nothingInItMakesHtmlOrCodeOfText() {
    for (String way :
        List.of(
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            "Function(",
            "style=\"",
            "DOMParser")) {
      assertFalse(page.html().contains(way), way);
    }
    assertFalse(Pattern.compile("<[^>]* on\\w+=").matcher(page.html()).find(), "a handler");
  }

  /** Its policy is made for one of each. */
  @Test
  void itHasOneScriptAndOneStyle() {
    for (String element : List.of("script", "style")) {
      assertEquals(2, page.html().split("<" + element + "[ >]", -1).length, element);
      assertEquals(2, page.html().split("</" + element + ">", -1).length, element);
    }
  }
}
