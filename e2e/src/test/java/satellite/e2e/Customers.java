package satellite.e2e;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Order from shops with the Java agent in them, at a steady pace: two segments each time. */
final class Customers implements AutoCloseable {

  static final int SEGMENTS = 2;

  private final List<Customer> customers = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private volatile Exception failure;

  private static final class Customer {
    final String service;
    final JavaAgent shop;
    volatile int orders;

    Customer(String service, JavaAgent shop) {
      this.service = service;
      this.shop = shop;
    }
  }

  Customers(long periodMillis) {
    clock.scheduleAtFixedRate(this::order, 0, periodMillis, TimeUnit.MILLISECONDS);
  }

  /** Comes to one more shop. */
  void add(String service, JavaAgent shop) {
    customers.add(new Customer(service, shop));
  }

  private void order() {
    try {
      for (Customer customer : customers) {
        customer.shop.ask("/order?" + customer.orders);
        customer.orders++;
      }
    } catch (Exception e) {
      failure = e;
      throw new IllegalStateException(e);
    }
  }

  /** They stop; then each segment of every shop is in OAP, once. */
  void assertAllArrive(RealOap oap) throws Exception {
    stop();
    if (failure != null) {
      throw failure;
    }
    for (Customer customer : customers) {
      TraceCounts.assertSegments(oap, customer.service, SEGMENTS * customer.orders);
    }
  }

  private void stop() throws InterruptedException {
    clock.shutdown();
    clock.awaitTermination(10, TimeUnit.SECONDS);
  }

  @Override
  public void close() throws InterruptedException {
    stop();
    customers.forEach(customer -> customer.shop.close());
  }
}
