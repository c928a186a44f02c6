package satellite.pipes.protocol;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Fills generated messages at random: every field of every type may come up, none must. */
public final class RandomMessages {

  private static final int DEEPEST = 5;

  /** A message of Envoy has so many fields that filling most of them would take all the time. */
  private static final int MOST_VALUES = 60;

  private static final List<String> WORDS =
      List.of("", "a", "orders", "GET:/v1/orders/{id}", "größe", "日志", "😀", "x".repeat(200));

  private final Random random;
  private int values;

  public RandomMessages(Random random) {
    this.random = random;
  }

  @SuppressWarnings("unchecked")
  public <M extends Message> M like(M prototype) {
    values = 0;
    return (M) fill(prototype.newBuilderForType(), 0).build();
  }

  private Message.Builder fill(Message.Builder builder, int depth) {
    List<FieldDescriptor> fields = new ArrayList<>(builder.getDescriptorForType().getFields());
    Collections.shuffle(fields, random);
    for (FieldDescriptor field : fields) {
      boolean leaf = field.getJavaType() != FieldDescriptor.JavaType.MESSAGE;
      boolean comesUp = random.nextInt(depth < 2 ? 4 : 2 + depth) > (depth < 2 ? 0 : depth);
      if (!comesUp || values > MOST_VALUES || (!leaf && depth >= DEEPEST)) {
        continue;
      }
      if (field.isRepeated()) {
        for (int i = random.nextInt(3); i >= 0; i--) {
          builder.addRepeatedField(field, value(builder, field, depth));
        }
      } else {
        builder.setField(field, value(builder, field, depth));
      }
    }
    return builder;
  }

  private Object value(Message.Builder builder, FieldDescriptor field, int depth) {
    values++;
    return switch (field.getJavaType()) {
      case INT -> random.nextInt() >> random.nextInt(32);
      case LONG -> random.nextLong() >> random.nextInt(64);
      case FLOAT -> (float) random.nextGaussian();
      case DOUBLE -> random.nextGaussian();
      case BOOLEAN -> random.nextBoolean();
      case STRING -> word();
      case BYTE_STRING -> ByteString.copyFrom(bytes(random.nextInt(20)));
      case ENUM -> {
        var values = field.getEnumType().getValues();
        yield values.get(random.nextInt(values.size()));
      }
      case MESSAGE -> fill(builder.newBuilderForField(field), depth + 1).build();
    };
  }

  public String word() {
    return WORDS.get(random.nextInt(WORDS.size()));
  }

  public byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
