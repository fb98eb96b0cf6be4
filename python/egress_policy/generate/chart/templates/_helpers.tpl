{{/* The names of the layers, and what is filled in where values say nothing: JSON. */}}
{{- define "k8s-security.known" -}}
@KNOWN@
{{- end }}

{{/* The namespaces that get the policies: a JSON array. */}}
{{- define "k8s-security.namespaces" -}}
{{- .Values.namespaces | default (list .Release.Namespace) | toJson -}}
{{- end }}

{{/* The labels of every policy: a JSON object. (`merge` would take an empty label for one that is absent.) */}}
{{- define "k8s-security.labels" -}}
{{- $labels := (include "k8s-security.known" . | fromJson).labels -}}
{{- range $key, $value := .Values.labels -}}
  {{- $_ := set $labels $key $value -}}
{{- end -}}
{{- toJson $labels -}}
{{- end }}

{{/* The policies of one namespace, in the order in which they are applied: a JSON array of {name, from, entries}.
     Entries are grouped by the pods that they are for; the second group of a layer is called after its first entry. */}}
{{- define "k8s-security.policies" -}}
{{- $names := (include "k8s-security.known" . | fromJson).layers -}}
{{- $layers := include "k8s-security.layers" . | fromJson -}}
{{- $policies := list (dict "name" (first $names) "from" dict "entries" list) -}}
{{- range $name := rest $names -}}
  {{- $order := list -}}
  {{- $groups := dict -}}
  {{- range $entry := get $layers $name -}}
    {{- include "k8s-security.check" (dict "layer" $name "entry" $entry) -}}
    {{- $pods := $entry.from | default dict | toJson -}}
    {{- if not (hasKey $groups $pods) -}}
      {{- $order = append $order $pods -}}
    {{- end -}}
    {{- $_ := set $groups $pods (append (get $groups $pods | default list) $entry) -}}
  {{- end -}}
  {{- range $index, $pods := $order -}}
    {{- $entries := get $groups $pods -}}
    {{- $own := ternary $name (printf "%s-%s" $name (first $entries).name) (eq $index 0) -}}
    {{- $policies = append $policies (dict "name" $own "from" (fromJson $pods) "entries" $entries) -}}
  {{- end -}}
{{- end -}}
{{- toJson $policies -}}
{{- end }}

{{/* An empty list of peers, ports or labels means all of them to Kubernetes, so none may come of a value left out. */}}
{{- define "k8s-security.check" -}}
{{- $name := printf "%s: '%v'" .layer .entry.name -}}
{{- if not (or .entry.labels .entry.cidrs) -}}
  {{- fail (printf "%s needs labels of pods, or cidrs" $name) -}}
{{- end -}}
{{- if and .entry.namespace (not .entry.labels) -}}
  {{- fail (printf "%s needs labels of the pods in its namespace" $name) -}}
{{- end -}}
{{- if not .entry.ports -}}
  {{- fail (printf "%s needs a port" $name) -}}
{{- end -}}
{{- if and (has .layer (list "allow-database" "allow-kube-api")) (not .entry.from) -}}
  {{- fail (printf "%s needs `from`, the labels of the pods that may reach it" $name) -}}
{{- end -}}
{{- end }}

{{/* What each layer allows: a JSON object of arrays of {name, from, namespace, labels, cidrs, ports}. */}}
{{- define "k8s-security.layers" -}}
{{- $known := include "k8s-security.known" . | fromJson -}}
{{- $https := list -}}
{{- range .Values.https -}}
  {{- $ports := include "k8s-security.ports" (.ports | default (list 443)) | fromJsonArray -}}
  {{- $https = append $https (dict "name" .name "from" .from "cidrs" .cidrs "ports" $ports) -}}
{{- end -}}
{{- $databases := list -}}
{{- range .Values.databases -}}
  {{- $number := .port | default (get $known.engines (.engine | default "")) -}}
  {{- $ports := ternary (list (dict "port" $number)) list (not (empty $number)) -}}
  {{- $databases = append $databases (dict
      "name" .name "from" .from "namespace" .namespace "labels" .labels "cidrs" .cidrs "ports" $ports) -}}
{{- end -}}
{{- $services := list -}}
{{- range .Values.services -}}
  {{- $ports := include "k8s-security.ports" (.ports | default list) | fromJsonArray -}}
  {{- $services = append $services (dict
      "name" .name "from" .from "namespace" .namespace "labels" .labels "ports" $ports) -}}
{{- end -}}
{{- dict
    "allow-dns" (list (include "k8s-security.dns" . | fromJson))
    "allow-https" $https
    "allow-database" $databases
    "allow-internal-services" $services
    "allow-kube-api" (include "k8s-security.api" . | fromJsonArray)
  | toJson -}}
{{- end }}

{{/* Where names are resolved: an entry, in JSON. */}}
{{- define "k8s-security.dns" -}}
{{- $dns := .Values.dns | default dict -}}
{{- $place := $dns -}}
{{- if and $dns.preset (or $dns.namespace $dns.labels $dns.cidrs $dns.ports) -}}
  {{- fail "dns: a preset has a place and ports of its own: set dns.preset to null, or name nothing else" -}}
{{- end -}}
{{- if not (or $dns.namespace $dns.labels $dns.cidrs $dns.ports) -}}
  {{- $place = get (include "k8s-security.known" . | fromJson).presets ($dns.preset | default "kube-dns") -}}
{{- end -}}
{{- $ports := list -}}
{{- range $place.ports | default (list 53) -}}
  {{- $ports = concat $ports (list (dict "protocol" "UDP" "port" .) (dict "protocol" "TCP" "port" .)) -}}
{{- end -}}
{{- dict
    "name" "dns" "namespace" $place.namespace "labels" $place.labels "cidrs" $place.cidrs "ports" $ports
  | toJson -}}
{{- end }}

{{/* The Kubernetes API: a JSON array of entries, one for its service and one for its endpoints. */}}
{{- define "k8s-security.api" -}}
{{- $entries := list -}}
{{- $api := .Values.kubeAPI | default dict -}}
{{- range $name, $port := (include "k8s-security.known" . | fromJson).api_ports -}}
  {{- with get $api $name -}}
    {{- $entries = append $entries
        (dict "name" $name "from" $api.from "cidrs" . "ports" (list (dict "port" $port))) -}}
  {{- end -}}
{{- end -}}
{{- if and $api (not $entries) -}}
  {{- fail "kubeAPI: list blocks of service, endpoints or both" -}}
{{- end -}}
{{- toJson $entries -}}
{{- end }}

{{/* Numbers, or {protocol, port, endPort}, as the latter only: a JSON array. */}}
{{- define "k8s-security.ports" -}}
{{- $ports := list -}}
{{- range . -}}
  {{- $ports = append $ports (ternary . (dict "port" .) (kindIs "map" .)) -}}
{{- end -}}
{{- toJson $ports -}}
{{- end }}
