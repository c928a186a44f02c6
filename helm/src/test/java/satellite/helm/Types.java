package satellite.helm;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.cfg.MutableCoercionConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/**
 * Kubernetes' types: tell fields that do not exist and scalars of another type. What a value must
 * be beyond that, the API server says (e2e).
 */
final class Types {

  private static final Map<String, Class<?>> TYPES =
      Map.ofEntries(
          Map.entry("v1 ConfigMap", ConfigMap.class),
          Map.entry("v1 Service", Service.class),
          Map.entry("v1 ServiceAccount", ServiceAccount.class),
          Map.entry("apps/v1 DaemonSet", DaemonSet.class),
          Map.entry("apps/v1 Deployment", Deployment.class),
          Map.entry("apps/v1 StatefulSet", StatefulSet.class),
          Map.entry("autoscaling/v2 HorizontalPodAutoscaler", HorizontalPodAutoscaler.class),
          Map.entry("networking.k8s.io/v1 NetworkPolicy", NetworkPolicy.class),
          Map.entry("policy/v1 PodDisruptionBudget", PodDisruptionBudget.class),
          Map.entry("rbac.authorization.k8s.io/v1 Role", Role.class),
          Map.entry("rbac.authorization.k8s.io/v1 RoleBinding", RoleBinding.class));

  private static final ObjectMapper STRICT =
      JsonMapper.builder()
          .annotationIntrospector(new NothingIsAdditional())
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .withCoercionConfig(LogicalType.Textual, Types::noScalars)
          .withCoercionConfig(LogicalType.Integer, c -> strict(c, CoercionInputShape.String))
          .withCoercionConfig(LogicalType.Boolean, c -> strict(c, CoercionInputShape.String))
          .build();

  private Types() {}

  /** Null where nothing is wrong. */
  static String fault(Map<String, Object> object) {
    String name = object.get("apiVersion") + " " + object.get("kind");
    Class<?> type = TYPES.get(name);
    if (type == null) {
      return "no such type: " + name;
    }
    try {
      STRICT.convertValue(object, type);
      return null;
    } catch (JacksonException | IllegalArgumentException e) {
      return name + ": " + e.getMessage();
    }
  }

  /** A number or a word like true that should have stood in quotes. */
  private static void noScalars(MutableCoercionConfig config) {
    strict(config, CoercionInputShape.Integer);
    strict(config, CoercionInputShape.Float);
    strict(config, CoercionInputShape.Boolean);
  }

  private static void strict(MutableCoercionConfig config, CoercionInputShape shape) {
    config.setCoercion(shape, CoercionAction.Fail);
  }

  /** The types keep what they do not know; here it is a fault. */
  private static final class NothingIsAdditional extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1;

    @Override
    public Boolean hasAnySetter(MapperConfig<?> config, Annotated annotated) {
      return false;
    }
  }
}
