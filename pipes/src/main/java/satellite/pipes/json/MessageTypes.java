package satellite.pipes.json;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The messages of the protocols, described at build time out of their published definitions.
 * Nothing is loaded before it is asked for, and then only the files that are needed. Any thread.
 */
public final class MessageTypes {

  static final String DESCRIPTION = "messages.desc";

  /** Methods newer than the published definition of their service, and their messages. */
  private static final Map<String, String> NEWER_METHODS =
      Map.of(
          "/skywalking.v3.BrowserPerfService/collectWebVitalsPerfData",
          "skywalking.v3.BrowserWebVitalsPerfData",
          "/skywalking.v3.BrowserPerfService/collectResourcePerfData",
          "skywalking.v3.BrowserResourcePerfData",
          "/skywalking.v3.BrowserPerfService/collectWebInteractionsPerfData",
          "skywalking.v3.BrowserWebInteractionsPerfData");

  /** By the name of their file; those that were needed so far. */
  private static final Map<String, FileDescriptor> LOADED = new HashMap<>();

  private MessageTypes() {}

  /**
   * The message of that full name, such as {@code skywalking.v3.LogData}; null where it is not
   * described.
   */
  public static Descriptor named(String type) {
    int dot = type.lastIndexOf('.');
    String name = type.substring(dot + 1);
    return find(
        dot < 0 ? "" : type.substring(0, dot),
        file -> file.getMessageTypeList().stream().anyMatch(m -> m.getName().equals(name)),
        file -> file.findMessageTypeByName(name));
  }

  /**
   * What a method, {@code /package.Service/Method}, takes; null where the method is not described.
   */
  public static Descriptor takenBy(String method) {
    String newer = NEWER_METHODS.get(method);
    return newer == null ? published(method) : named(newer);
  }

  private static Descriptor published(String method) {
    int slash = method.lastIndexOf('/');
    String service = method.substring(1, slash);
    int dot = service.lastIndexOf('.');
    String name = service.substring(dot + 1);
    return find(
        dot < 0 ? "" : service.substring(0, dot),
        file -> file.getServiceList().stream().anyMatch(s -> s.getName().equals(name)),
        file -> inputOf(file.findServiceByName(name), method.substring(slash + 1)));
  }

  private static Descriptor inputOf(ServiceDescriptor service, String method) {
    var found = service.findMethodByName(method);
    return found == null ? null : found.getInputType();
  }

  private static synchronized Descriptor find(
      String inPackage,
      Predicate<FileDescriptorProto> declares,
      Function<FileDescriptor, Descriptor> get) {
    Map<String, FileDescriptorProto> files = new HashMap<>();
    try (InputStream in = MessageTypes.class.getResourceAsStream(DESCRIPTION)) {
      for (FileDescriptorProto file : FileDescriptorSet.parseFrom(in).getFileList()) {
        files.put(file.getName(), file);
      }
      for (FileDescriptorProto file : files.values()) {
        if (file.getPackage().equals(inPackage) && declares.test(file)) {
          return get.apply(load(file, files));
        }
      }
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (DescriptorValidationException e) {
      throw new IllegalStateException(DESCRIPTION + ": " + e.getMessage(), e);
    }
  }

  private static FileDescriptor load(
      FileDescriptorProto file, Map<String, FileDescriptorProto> files)
      throws DescriptorValidationException {
    FileDescriptor loaded = LOADED.get(file.getName());
    if (loaded == null) {
      FileDescriptor[] imports = new FileDescriptor[file.getDependencyCount()];
      for (int i = 0; i < imports.length; i++) {
        imports[i] = load(files.get(file.getDependency(i)), files);
      }
      loaded = FileDescriptor.buildFrom(file, imports);
      LOADED.put(file.getName(), loaded);
    }
    return loaded;
  }
}
