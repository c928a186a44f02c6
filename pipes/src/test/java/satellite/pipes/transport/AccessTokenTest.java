package satellite.pipes.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AccessTokenTest {

  @Test
  void noTokenAdmitsEverybody() {
    AccessToken none = AccessToken.of("");
    assertFalse(none.isAskedFor());
    assertTrue(none.admits(null));
    assertTrue(none.admits(""));
    assertTrue(none.admits("anything"));
  }

  @Test
  void aTokenAdmitsItselfOnly() {
    AccessToken token = AccessToken.of("secret");
    assertTrue(token.isAskedFor());
    assertTrue(token.admits("secret"));
    for (String other : new String[] {null, "", "secre", "secret ", "Secret", "secretsecret"}) {
      assertFalse(token.admits(other), other);
    }
  }

  @Test
  void twoAreEqualWhenTheirTokensAre() {
    assertEquals(AccessToken.of("secret"), AccessToken.of("secret"));
    assertEquals(AccessToken.of("secret").hashCode(), AccessToken.of("secret").hashCode());
    assertNotEquals(AccessToken.of("secret"), AccessToken.of("other"));
    assertEquals(AccessToken.NONE, AccessToken.of(""));
    assertNotEquals(AccessToken.NONE, AccessToken.of("secret"));
  }

  @Test
  void itDoesNotTellTheToken() {
    assertFalse(AccessToken.of("secret").toString().contains("secret"));
  }
}
