package satellite.e2e.plugin;

import java.lang.reflect.Method;
import org.apache.skywalking.apm.agent.core.boot.ServiceManager;
import org.apache.skywalking.apm.agent.core.conf.Config;
import org.apache.skywalking.apm.agent.core.context.ContextCarrier;
import org.apache.skywalking.apm.agent.core.context.ContextManager;
import org.apache.skywalking.apm.agent.core.context.ContextSnapshot;
import org.apache.skywalking.apm.agent.core.context.trace.SpanLayer;
import org.apache.skywalking.apm.agent.core.meter.Counter;
import org.apache.skywalking.apm.agent.core.meter.MeterFactory;
import org.apache.skywalking.apm.agent.core.plugin.interceptor.enhance.EnhancedInstance;
import org.apache.skywalking.apm.agent.core.plugin.interceptor.enhance.InstanceMethodsAroundInterceptor;
import org.apache.skywalking.apm.agent.core.plugin.interceptor.enhance.MethodInterceptResult;
import org.apache.skywalking.apm.agent.core.remote.LogReportServiceClient;
import org.apache.skywalking.apm.network.logging.v3.LogData;
import org.apache.skywalking.apm.network.logging.v3.LogDataBody;
import org.apache.skywalking.apm.network.logging.v3.TextLog;
import org.apache.skywalking.apm.network.logging.v3.TraceContext;
import org.apache.skywalking.apm.network.trace.component.ComponentsDefine;

/**
 * Makes of the methods of {@code Shop} what a Java agent reports: an entry, a local and an exit
 * span, a log, a count, and a second segment for what is done later in another thread.
 */
public final class ShopInterceptor implements InstanceMethodsAroundInterceptor {

  private final Counter orders = MeterFactory.counter("shop_orders").build();

  @Override
  public void beforeMethod(
      EnhancedInstance shop,
      Method method,
      Object[] arguments,
      Class<?>[] types,
      MethodInterceptResult result) {
    switch (method.getName()) {
      case "serve" -> {
        orders.increment(1);
        ContextManager.createEntrySpan((String) arguments[0], new ContextCarrier())
            .setComponent(ComponentsDefine.TOMCAT)
            .setLayer(SpanLayer.HTTP);
      }
      case "price" -> ContextManager.createLocalSpan("price");
      case "pay" ->
          ContextManager.createExitSpan("pay", (String) arguments[0])
              .setComponent(ComponentsDefine.GRPC)
              .setLayer(SpanLayer.RPC_FRAMEWORK);
      case "log" -> log((String) arguments[0]);
      default -> {}
    }
  }

  @Override
  public Object afterMethod(
      EnhancedInstance shop, Method method, Object[] arguments, Class<?>[] types, Object result) {
    return switch (method.getName()) {
      case "serve", "price", "pay" -> {
        ContextManager.stopSpan();
        yield result;
      }
      case "later" -> continued((Runnable) result);
      default -> result;
    };
  }

  @Override
  public void handleMethodException(
      EnhancedInstance shop,
      Method method,
      Object[] arguments,
      Class<?>[] types,
      Throwable failure) {
    ContextManager.activeSpan().log(failure);
  }

  /** The same work, as a segment of its own in the thread that does it. */
  private static Runnable continued(Runnable work) {
    ContextSnapshot here = ContextManager.capture();
    return () -> {
      ContextManager.createLocalSpan("pack");
      ContextManager.continued(here);
      try {
        work.run();
      } finally {
        ContextManager.stopSpan();
      }
    };
  }

  /** Without the service, as the agent's own log appenders: its sender names it, once a stream. */
  private static void log(String text) {
    LogData.Builder log =
        LogData.newBuilder()
            .setTimestamp(System.currentTimeMillis())
            .setServiceInstance(Config.Agent.INSTANCE_NAME)
            .setTraceContext(
                TraceContext.newBuilder()
                    .setTraceId(ContextManager.getGlobalTraceId())
                    .setTraceSegmentId(ContextManager.getSegmentId())
                    .setSpanId(ContextManager.getSpanId()))
            .setBody(LogDataBody.newBuilder().setText(TextLog.newBuilder().setText(text)));
    ServiceManager.INSTANCE.findService(LogReportServiceClient.class).produce(log);
  }
}
