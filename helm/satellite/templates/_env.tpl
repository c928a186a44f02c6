{{/* The environment of the container: a variable and its value, or where its value stands. */}}
{{- define "satellite.env" -}}
- name: SATELLITE_GRPC_CLIENT_FINDER
  value: {{ nospace .Values.oap.finder | quote }}
{{- if include "satellite.finds" (list . "kubernetes") }}
- name: SATELLITE_GRPC_CLIENT_KUBERNETES_NAMESPACE
  value: {{ include "satellite.oapNamespaces" . | quote }}
- name: SATELLITE_GRPC_CLIENT_KUBERNETES_KIND
  value: pod
- name: SATELLITE_GRPC_CLIENT_KUBERNETES_SELECTOR_LABEL
  value: {{ .Values.oap.selector | quote }}
- name: SATELLITE_GRPC_CLIENT_KUBERNETES_EXTRA_PORT
  value: {{ .Values.oap.port | quote }}
{{- end }}
{{- if include "satellite.finds" (list . "static") }}
- name: SATELLITE_GRPC_CLIENT
  value: {{ join "," .Values.oap.addresses | quote }}
{{- end }}
{{- if include "satellite.finds" (list . "dns") }}
- name: SATELLITE_GRPC_CLIENT_DNS
  value: {{ join "," .Values.oap.dnsNames | quote }}
{{- end }}
{{- $replicas := include "satellite.replicasFinder" . }}
- name: SATELLITE_REPLICAS_FINDER
  value: {{ $replicas }}
{{- if eq $replicas "kubernetes" }}
- name: SATELLITE_REPLICAS_KUBERNETES_NAMESPACE
  value: {{ .Release.Namespace | quote }}
- name: SATELLITE_REPLICAS_KUBERNETES_SELECTOR_LABEL
  value: {{ printf "app.kubernetes.io/name=%s,app.kubernetes.io/instance=%s" (include "satellite.name" .) .Release.Name | quote }}
- name: SATELLITE_REPLICAS_KUBERNETES_EXTRA_PORT
  value: "1234"
{{- else if eq $replicas "dns" }}
- name: SATELLITE_REPLICAS_DNS
  value: "{{ include "satellite.fullname" . }}-headless.{{ .Release.Namespace }}.svc:1234"
{{- end }}
- name: SATELLITE_GRPC_ACCEPT_LIMIT_CONNECTION_COUNT
  value: {{ int64 .Values.acceptLimit.connections | quote }}
- name: SATELLITE_GRPC_ACCEPT_LIMIT_CPU_UTILIZATION
  value: {{ .Values.acceptLimit.cpuUtilization | quote }}
- name: SATELLITE_GRPC_ACCEPT_LIMIT_CLIENT_CONNECTION_COUNT
  value: {{ int64 .Values.acceptLimit.clientConnections | quote }}
- name: SATELLITE_GRPC_ACCEPT_LIMIT_READINESS
  value: {{ .Values.acceptLimit.readiness | quote }}
- name: SATELLITE_GRPC_MAX_CONNECTION_AGE
  value: {{ .Values.maxConnectionAge | quote }}
- name: SATELLITE_GRPC_MAX_CONNECTION_AGE_GRACE
  value: {{ .Values.maxConnectionAgeGrace | quote }}
- name: SATELLITE_HTTP_ENABLED
  value: {{ .Values.http.enabled | quote }}
- name: SATELLITE_SHUTDOWN_HOLD_TIME
  value: {{ .Values.shutdown.holdSeconds | quote }}
- name: SATELLITE_SHUTDOWN_HOOK_TIME
  value: {{ .Values.shutdown.hookSeconds | quote }}
- name: SATELLITE_TELEMETRY_CLUSTER
  value: {{ .Values.telemetry.cluster | quote }}
- name: SATELLITE_TELEMETRY_SERVICE
  value: {{ include "satellite.telemetryService" . | quote }}
- name: SATELLITE_TELEMETRY_INSTANCE
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: SATELLITE_TELEMETRY_EXPORT_TYPE
  value: {{ if or .Values.telemetry.sendToOap (and .Values.autoscaling.enabled (eq .Values.autoscaling.metric "swck")) }}"prometheus,metrics_service"{{ else }}"prometheus"{{ end }}
- name: SATELLITE_ADMIN_ACCESS
  value: loopback
{{- with .Values.heap }}
# What the image sets, and then another -Xmx: the last one counts.
- name: JDK_JAVA_OPTIONS
  value: "@/satellite/satellite.jvm -Xmx{{ . }}"
{{- end }}
{{- if .Values.data.enabled }}
- name: SATELLITE_DATA_DIR
  value: /var/lib/satellite
- name: SATELLITE_DISK_BYTES
  value: {{ int64 .Values.data.maxBytes | quote }}
{{- end }}
{{- if .Values.config }}
- name: SATELLITE_CONFIG
  value: /etc/satellite/config/satellite_config.yaml
{{- end }}
{{- with .Values.tls.server }}
{{- if .secretName }}
- name: SATELLITE_GRPC_TLS_CERT_FILE
  value: /etc/satellite/tls/server/tls.crt
- name: SATELLITE_GRPC_TLS_KEY_FILE
  value: /etc/satellite/tls/server/tls.key
{{- end }}
{{- if .verifyClients }}
- name: SATELLITE_GRPC_TLS_CLIENT_CA_FILE
  value: /etc/satellite/tls/server/ca.crt
{{- end }}
{{- end }}
{{- with .Values.tls.oap }}
{{- if .secretName }}
- name: SATELLITE_GRPC_ENABLE_TLS
  value: "true"
- name: SATELLITE_grpc_CA_PEM_PATH
  value: /etc/satellite/tls/oap/ca.crt
{{- end }}
{{- if .clientCertificate }}
- name: SATELLITE_GRPC_CLIENT_PEM_PATH
  value: /etc/satellite/tls/oap/tls.crt
- name: SATELLITE_GRPC_CLIENT_KEY_PATH
  value: /etc/satellite/tls/oap/tls.key
{{- end }}
{{- end }}
{{- with .Values.authentication }}
{{- if .server.secretName }}
- name: SATELLITE_GRPC_SERVER_AUTHENTICATION
  valueFrom: { secretKeyRef: { name: {{ .server.secretName | quote }}, key: {{ .server.key | quote }} } }
{{- end }}
{{- if .oap.secretName }}
- name: SATELLITE_GRPC_AUTHENTICATION
  valueFrom: { secretKeyRef: { name: {{ .oap.secretName | quote }}, key: {{ .oap.key | quote }} } }
{{- end }}
{{- if .admin.secretName }}
- name: SATELLITE_ADMIN_TOKEN
  valueFrom: { secretKeyRef: { name: {{ .admin.secretName | quote }}, key: {{ .admin.key | quote }} } }
{{- end }}
{{- end }}
{{- end }}
