{{/* What every pod of the chart has. Each part is given the root context, or a dict of it and the service's name. */}}

{{- define "chartline.image" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{- define "chartline.labels" -}}
app.kubernetes.io/name: chartline
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "chartline.podSecurity" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "chartline.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- define "chartline.jobPod" -}}
restartPolicy: Never
{{ include "chartline.podSecurity" .root }}
containers:
  - name: {{ .name }}
    {{- include "chartline.image" .root | nindent 4 }}
    args: [{{ .command }}]
    envFrom:
      - configMapRef: {name: {{ .config }}}
      - secretRef: {name: {{ .root.Values.secrets.environment }}}
    {{- include "chartline.containerSecurity" .root | nindent 4 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
volumes:
  - name: tmp
    emptyDir: {}
{{- end }}
