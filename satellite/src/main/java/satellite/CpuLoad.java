package satellite;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;

/**
 * CPU utilization of the machine, or of the container whose quota bounds it, 0..100; taken every 5
 * s.
 */
final class CpuLoad implements DoubleSupplier {

  private static final long PERIOD_SECONDS = 5;

  private static final int SAMPLES = 3;

  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  private volatile double percent;
  private volatile double smoothed;

  CpuLoad(ScheduledExecutorService timer) {
    timer.scheduleAtFixedRate(this::sample, 0, PERIOD_SECONDS, TimeUnit.SECONDS);
  }

  private void sample() {
    // Negative while the JVM has nothing to compare with.
    percent = Math.max(0, system.getCpuLoad() * 100);
    smoothed += (percent - smoothed) / SAMPLES;
  }

  /**
   * The same over some samples, from 0 on: what lasts for seconds, such as the start of a JVM, is
   * no reason to refuse connections.
   */
  double smoothed() {
    return smoothed;
  }

  @Override
  public double getAsDouble() {
    return percent;
  }
}
