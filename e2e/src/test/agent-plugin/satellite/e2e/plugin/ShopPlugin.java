package satellite.e2e.plugin;

import static org.apache.skywalking.apm.dependencies.net.bytebuddy.matcher.ElementMatchers.namedOneOf;

import org.apache.skywalking.apm.agent.core.plugin.interceptor.ConstructorInterceptPoint;
import org.apache.skywalking.apm.agent.core.plugin.interceptor.InstanceMethodsInterceptPoint;
import org.apache.skywalking.apm.agent.core.plugin.interceptor.enhance.ClassInstanceMethodsEnhancePluginDefine;
import org.apache.skywalking.apm.agent.core.plugin.match.ClassMatch;
import org.apache.skywalking.apm.agent.core.plugin.match.NameMatch;
import org.apache.skywalking.apm.dependencies.net.bytebuddy.description.method.MethodDescription;
import org.apache.skywalking.apm.dependencies.net.bytebuddy.matcher.ElementMatcher;

/** Tells the Java agent which methods of the program {@code Shop} are to be watched. */
public final class ShopPlugin extends ClassInstanceMethodsEnhancePluginDefine {

  @Override
  protected ClassMatch enhanceClass() {
    return NameMatch.byName("satellite.e2e.Shop");
  }

  @Override
  public ConstructorInterceptPoint[] getConstructorsInterceptPoints() {
    return new ConstructorInterceptPoint[0];
  }

  @Override
  public InstanceMethodsInterceptPoint[] getInstanceMethodsInterceptPoints() {
    return new InstanceMethodsInterceptPoint[] {new InterceptPoint()};
  }

  private static final class InterceptPoint implements InstanceMethodsInterceptPoint {

    @Override
    public ElementMatcher<MethodDescription> getMethodsMatcher() {
      return namedOneOf("serve", "price", "pay", "log", "later");
    }

    @Override
    public String getMethodsInterceptor() {
      return "satellite.e2e.plugin.ShopInterceptor";
    }

    @Override
    public boolean isOverrideArgs() {
      return false;
    }
  }
}
