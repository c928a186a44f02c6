{{- define "satellite.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The release's name says enough if the chart's is part of it. 52: with what is appended, 63 at most. */}}
{{- define "satellite.fullname" -}}
{{- $name := include "satellite.name" . }}
{{- $both := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- .Values.fullnameOverride | default $both | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "satellite.selectorLabels" -}}
app.kubernetes.io/name: {{ include "satellite.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "satellite.labels" -}}
{{- include "satellite.labelsAnd" (list . dict) }}
{{- end }}

{{/*
With more of one object's own: list of the root and those. Each key once; a user's takes the place of the chart's, but for those
by which pods are found.
*/}}
{{- define "satellite.labelsAnd" -}}
{{- $root := index . 0 }}
{{- $chart := dict
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "app.kubernetes.io/part-of" "skywalking"
  "app.kubernetes.io/managed-by" $root.Release.Service
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") }}
{{- merge (fromYaml (include "satellite.selectorLabels" $root)) (deepCopy (index . 1)) (deepCopy $root.Values.commonLabels) $chart | toYaml }}
{{- end }}

{{- define "satellite.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "satellite.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{/* Roles of several releases may lie in OAP's namespace. */}}
{{- define "satellite.roleName" -}}
{{- printf "%s-%s" .Release.Namespace (include "satellite.fullname" .) }}
{{- end }}

{{- define "satellite.telemetryService" -}}
{{- default (printf "satellite::%s.%s" (include "satellite.fullname" .) .Release.Namespace) .Values.telemetry.service }}
{{- end }}

{{/* How the replicas find each other. */}}
{{- define "satellite.replicasFinder" -}}
{{- if .Values.replicas.finder }}
{{- .Values.replicas.finder }}
{{- else if eq .Values.kind "DaemonSet" -}}
none
{{- else -}}
kubernetes
{{- end }}
{{- end }}

{{/* Not empty where OAP is found by that finder: list of the root and its name. */}}
{{- define "satellite.finds" -}}
{{- if has (index . 1) (splitList "," (nospace (index . 0).Values.oap.finder)) }}true{{ end }}
{{- end }}

{{/* Comma list of the namespaces of OAP's pods. */}}
{{- define "satellite.oapNamespaces" -}}
{{- join "," (default (list .Release.Namespace) .Values.oap.namespaces) }}
{{- end }}

{{/* Comma list of the namespaces in which it lists and watches pods; empty = none. */}}
{{- define "satellite.watchedNamespaces" -}}
{{- $namespaces := list }}
{{- if include "satellite.finds" (list . "kubernetes") }}
{{- $namespaces = splitList "," (include "satellite.oapNamespaces" .) }}
{{- end }}
{{- if eq (include "satellite.replicasFinder" .) "kubernetes" }}
{{- $namespaces = append $namespaces .Release.Namespace }}
{{- end }}
{{- join "," (uniq $namespaces) }}
{{- end }}

{{/* A headless service: for replicas that find each other by DNS, and for the names of a StatefulSet's pods. */}}
{{- define "satellite.headless" -}}
{{- if or (eq (include "satellite.replicasFinder" .) "dns") (eq .Values.kind "StatefulSet") }}true{{ end }}
{{- end }}

{{/* Satellite's own time for SIGTERM, and what it needs beyond: for what is broken off, and for a disk that hangs. */}}
{{- define "satellite.gracePeriod" -}}
{{- $own := add .Values.shutdown.holdSeconds .Values.shutdown.hookSeconds }}
{{- $given := toString .Values.shutdown.gracePeriodSeconds }}
{{- if not $given }}
{{- add $own 5 (ternary 15 0 .Values.data.enabled) }}
{{- else if lt (int $given) (int (add $own 3)) }}
{{- fail (printf "shutdown.gracePeriodSeconds is %s: Kubernetes would kill Satellite before it is done; it needs holdSeconds + hookSeconds + 3 = %d at least" $given (add $own 3)) }}
{{- else }}
{{- $given }}
{{- end }}
{{- end }}

{{/* Size of the volume for data: dead letters and files that are not full come beside maxBytes. */}}
{{- define "satellite.dataSize" -}}
{{- default (printf "%d" (add (int64 .Values.data.maxBytes) (div (int64 .Values.data.maxBytes) 8) 134217728)) .Values.data.size }}
{{- end }}

{{/*
The name of a service as SWCK's metrics adapter wants it: labels that it joins in the order of their numbers. A value may hold
63 characters and must begin and end with a letter or a digit, so all else is written as the hexadecimal code of each byte.
*/}}
{{- define "satellite.swckService" -}}
{{- $n := 0 }}
{{- range regexFindAll "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?|(?s:.)" . -1 }}
{{- if regexMatch "^[A-Za-z0-9]" . }}
service.str.{{ $n }}: {{ . | quote }}
{{- $n = add1 $n }}
{{- else }}
{{- range regexFindAll ".." (printf "%x" .) -1 }}
service.byte.{{ $n }}: {{ . | quote }}
{{- $n = add1 $n }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Values that contradict each other; single values are checked by values.schema.json. */}}
{{- define "satellite.validate" -}}
{{- $finders := splitList "," (nospace .Values.oap.finder) }}
{{- if and (has "kubernetes" $finders) (not .Values.oap.selector) }}
{{- fail "oap.selector is empty: every pod that declares the port would be taken for OAP, Satellite's own among them" }}
{{- end }}
{{- if and (has "static" $finders) (not .Values.oap.addresses) }}
{{- fail "oap.finder is static: oap.addresses must name a node" }}
{{- end }}
{{- if and (has "dns" $finders) (not .Values.oap.dnsNames) }}
{{- fail "oap.finder is dns: oap.dnsNames must hold a name" }}
{{- end }}
{{- if .Values.autoscaling.enabled }}
{{- if ne .Values.kind "Deployment" }}
{{- fail (printf "autoscaling.enabled is for kind Deployment, not %s: a DaemonSet has as many pods as there are nodes, and a StatefulSet's pod that is scaled in leaves a volume that nobody reads" .Values.kind) }}
{{- end }}
{{- if lt (int .Values.autoscaling.maxReplicas) (int .Values.autoscaling.minReplicas) }}
{{- fail "autoscaling.maxReplicas is less than autoscaling.minReplicas" }}
{{- end }}
{{- if and (eq .Values.autoscaling.metric "resource") (not .Values.autoscaling.targetCpu) }}
{{- fail "autoscaling.metric is resource: autoscaling.targetCpu must not be 0" }}
{{- end }}
{{- end }}
{{- if and .Values.autoscaling.enabled (ne .Values.autoscaling.metric "resource") .Values.acceptLimit.readiness (eq (include "satellite.replicasFinder" .) "none") }}
{{- fail "autoscaling.metric counts ready replicas, and with replicas.finder none a full one is not ready: set acceptLimit.readiness to false, or let replicas find each other" }}
{{- end }}
{{- if and (eq .Values.kind "StatefulSet") (not .Values.data.enabled) }}
{{- fail "kind StatefulSet is for volumes: set data.enabled, or take kind Deployment" }}
{{- end }}
{{- with .Values.data }}
{{- if .size }}
{{- $unit := regexFind "[A-Za-z]*$" .size }}
{{- $bytes := get (dict "" 1 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776) $unit }}
{{- if lt (mulf (trimSuffix $unit .size) $bytes) (float64 .maxBytes) }}
{{- fail (printf "data.size is %s, less than data.maxBytes (%d): the volume would be full, or the pod evicted, before Satellite stops writing" .size (int64 .maxBytes)) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.tls.server.verifyClients (not .Values.tls.server.secretName) }}
{{- fail "tls.server.verifyClients needs tls.server.secretName" }}
{{- end }}
{{- if and .Values.tls.oap.clientCertificate (not .Values.tls.oap.secretName) }}
{{- fail "tls.oap.clientCertificate needs tls.oap.secretName" }}
{{- end }}
{{- $own := list }}
{{- range fromYamlArray (include "satellite.env" .) }}
{{- $own = append $own .name }}
{{- end }}
{{- range .Values.extraEnv }}
{{- if has .name $own }}
{{- fail (printf "extraEnv: %s is set by another value of this chart" .name) }}
{{- end }}
{{- end }}
{{- end }}
