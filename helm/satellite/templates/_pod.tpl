{{/* The pod, the same in each kind of workload. */}}
{{- define "satellite.podTemplate" -}}
metadata:
  labels:
    {{- include "satellite.labelsAnd" (list . .Values.podLabels) | nindent 4 }}
  {{- if or .Values.config .Values.podAnnotations }}
  annotations:
    {{- if .Values.config }}
    # Another configuration, other pods.
    checksum/config: {{ toYaml .Values.config | sha256sum }}
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
spec:
  serviceAccountName: {{ include "satellite.serviceAccountName" . }}
  automountServiceAccountToken: {{ not (empty (include "satellite.watchedNamespaces" .)) }}
  # Else each service of the namespace would be in the environment, SATELLITE_PORT of this one among them.
  enableServiceLinks: false
  # Satellite holds, drains and flushes by itself; a preStop hook would only take from this time.
  terminationGracePeriodSeconds: {{ include "satellite.gracePeriod" . }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  containers:
    - name: satellite
      {{- with .Values.image }}
      image: {{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
      imagePullPolicy: {{ .pullPolicy }}
      {{- end }}
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      ports:
        - { name: grpc, containerPort: 11800, protocol: TCP }
        {{- if .Values.http.enabled }}
        - { name: http, containerPort: 12800, protocol: TCP }
        {{- end }}
        - { name: http-monitoring, containerPort: 1234, protocol: TCP }
      env:
        {{- include "satellite.env" . | nindent 8 }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .Values.extraEnvFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      startupProbe:
        httpGet: { path: /live, port: http-monitoring }
        {{- toYaml .Values.startupProbe | nindent 8 }}
      livenessProbe:
        httpGet: { path: /live, port: http-monitoring }
        {{- toYaml .Values.livenessProbe | nindent 8 }}
      readinessProbe:
        httpGet: { path: /ready, port: http-monitoring }
        {{- toYaml .Values.readinessProbe | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        # Netty unpacks its native libraries there.
        - { name: tmp, mountPath: /tmp }
        {{- if .Values.data.enabled }}
        - { name: data, mountPath: /var/lib/satellite }
        {{- end }}
        {{- if .Values.config }}
        - { name: config, mountPath: /etc/satellite/config, readOnly: true }
        {{- end }}
        {{- if .Values.tls.server.secretName }}
        - { name: tls-server, mountPath: /etc/satellite/tls/server, readOnly: true }
        {{- end }}
        {{- if .Values.tls.oap.secretName }}
        - { name: tls-oap, mountPath: /etc/satellite/tls/oap, readOnly: true }
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: { sizeLimit: 64Mi }
    {{- if and .Values.data.enabled (ne .Values.kind "StatefulSet") }}
    # As old as the pod: it outlives a container that is killed, not a pod that is deleted.
    - name: data
      emptyDir: { sizeLimit: {{ include "satellite.dataSize" . | quote }} }
    {{- end }}
    {{- if .Values.config }}
    - name: config
      configMap: { name: {{ include "satellite.fullname" . }} }
    {{- end }}
    {{- with .Values.tls.server.secretName }}
    - name: tls-server
      secret: { secretName: {{ . | quote }}, defaultMode: 0440 }
    {{- end }}
    {{- with .Values.tls.oap.secretName }}
    - name: tls-oap
      secret: { secretName: {{ . | quote }}, defaultMode: 0440 }
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if and .Values.topologySpreadConstraints (ne .Values.kind "DaemonSet") }}
  topologySpreadConstraints:
    {{- $selector := dict "labelSelector" (dict "matchLabels" (fromYaml (include "satellite.selectorLabels" .))) }}
    {{- range .Values.topologySpreadConstraints }}
    - {{- toYaml (merge (deepCopy .) (ternary dict $selector (hasKey . "labelSelector"))) | nindent 6 }}
    {{- end }}
  {{- end }}
{{- end }}
