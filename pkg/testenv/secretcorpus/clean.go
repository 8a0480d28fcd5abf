package secretcorpus

import "strings"

// cleanLines are lines without a secret, one a line. Each speaks of what a careless
// mask would take for one, or holds an identity, a digest or a name that looks random.
const cleanLines = `
I1122 10:{n1}{d1}:0{d1}.{d6}       1 reconciler.go:{n1}{d2}] "Reconciling" secret="{prod|dev}/{app|cart}-tls" controller="certificate"
MountVolume.SetUp failed for volume "config" : secret "{app|cart}-credentials" not found
secrets "{app|cart}-token-{k5}" is forbidden: User "system:serviceaccount:{prod|dev}:default" cannot get resource "secrets" in API group ""
reconciled {n2} secrets in namespace kube-system, {n1} tokens rotated
Pulled image "ghcr.io/acme/app@sha256:{h64}" in {n1}.{d3}s
Successfully assigned prod/checkout-{k10}-{k5} to node-{d2}
spec: containers: - env: - name: DB_PASSWORD valueFrom: secretKeyRef: name: db key: password
secretName: wildcard-tls-2026 issuerRef: name: letsencrypt kind: ClusterIssuer
kubelet: "Unable to retrieve pull secret, the image pull may not succeed." pod="prod/app-{k10}-{k5}" secret="" err="secret \"regcred\" not found"
imagePullSecrets:[{Name:regcred}] serviceAccountName: default automountServiceAccountToken: false
"Event occurred" object="prod/app" kind="Secret" apiVersion="v1" type="Normal" reason="Synced" message="secret synced"
Unable to authenticate the request err="[invalid bearer token, service account token has expired]"
lease.go:{n2}] successfully renewed lease kube-system/{uuid} resourceVersion={n8}
containerd: RunPodSandbox for &PodSandboxMetadata{Name:app-{k10}-{k5},Uid:{uuid},Namespace:prod,Attempt:0,} returns sandbox id "{h64}"
authorization.k8s.io/v1 SubjectAccessReview: allowed=true reason="RBAC: allowed by ClusterRoleBinding"
certificate rotation: serial={h32} notAfter=2027-01-01 keyAlgorithm=RSA keySize=2048 keyUsage=[digital signature, key encipherment]
level=info ts=2026-11-22T10:00:00Z caller=metrics.go:{n3} org_id=fake traceID={h16} latency=fast query="{app=\"x\"}" tokens={n4} cache_key=series:{n5}
{"level":"info","msg":"request","trace_id":"{h32}","span_id":"{h16}","request_id":"{uuid}","user_id":{n5}}
{"usage":{"prompt_tokens":{n3},"completion_tokens":{n2},"total_tokens":{n4}},"max_tokens":{n3},"model":"llama-3.2-3b"}
token_type=bearer expires_in={n4} scope=openid next_page_token=null
eos token = {n5} '<|eot_id|>', bos token = {n5}, max token length = {n3}
print_info: EOS token        = {n6} '<|eot_id|>'
slot update_slots: id  0 | task {n3} | n_past = {n4}, n_tokens = {n3}, progress = 0.{d6}
rate limiter: token bucket refilled tokens={n3} capacity={n4} key=user:{n4}
cache miss key=orders:{n4}:eu-west-1 ttl={n3}s
duplicate key value violates unique constraint "orders_pkey" DETAIL: Key (id)=({n6}) already exists.
CREATE TABLE t (id bigint primary key, secret_name text, token_count int default 0)
primary_key=id partition_key={n2} sort_key=created_at foreign_key=user_id
idempotency_key={uuid} status=200
passwordPolicy=strong minLength=12 passwordExpiryDays=90 secretRotation=enabled
Password must contain at least 8 characters; password expired {n2} days ago
auth: user admin authenticated via ldap in {n2}ms, session {n5} opened
pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.{n1}.{n1}  user=root
sshd[{n4}]: Failed password for invalid user admin from 10.{n2}.{n1}.{n1} port {n5} ssh2
sshd[{n4}]: Accepted publickey for deploy from 10.{n2}.{n1}.{n1} port {n5} ssh2: RSA SHA256:{b43}
access token expired, refreshing; secret rotation scheduled in {n2}h
unexpected token: '}' at line {n2} column {n2}
SyntaxError: Unexpected token < in JSON at position 0
parse error: invalid token: expected ':' but got ','
basic auth enabled, bearer authentication disabled, cookie policy: strict
oauth2: "invalid_grant" "Token has been expired or revoked."
csrf protection: token missing for POST /api/orders
public_key=enabled key_id=default key rotation interval=24h keystore=/etc/app/keystore.jks
tls: loaded certificate /etc/tls/tls.crt key /etc/tls/tls.key
password_file=/run/secrets/db_password token_path=/var/run/secrets/kubernetes.io/serviceaccount/token
DB_PASSWORD=${DB_PASSWORD} API_TOKEN=$API_TOKEN
config: password=****** token=<redacted> secret=[REDACTED] api_key=null
password={{ .Values.db.password }} secretKey=%s
git checkout {h40} (tag v1.{d1}.{d1}) sha256={h64} md5={h32}
go: downloading github.com/acme/lib v0.0.0-2026112210{d4}-{h12}
"integrity": "sha512-{b86}==" resolved lodash@4.17.21
layer sha256:{h64} already exists, pushed digest sha256:{h64}
traceparent=00-{h32}-{h16}-01 correlation_id={uuid}
etcd: compacted raft log at {n6} member {h16} elected leader {h16} at term {n2}
docker: container {h64} exited with code 137
volume pvc-{uuid} bound to claim prod/data-db-0
commit {h7} by renovate: update key dependency to v{d1}.{n2}.{d1}
x-request-id: {uuid} x-envoy-upstream-service-time: {n2} server: envoy
ETag: "{h32}" Cache-Control: max-age=3600 Vary: Accept-Encoding, Authorization
at org.springframework.security.authentication.ProviderManager.authenticate(ProviderManager.java:{n3})
at com.example.auth.TokenService$$EnhancerBySpringCGLIB$${h8}.validateAccessToken(<generated>)
panic: runtime error: invalid memory address [signal SIGSEGV code=0x1 addr=0x{h2} pc=0x{h6}] goroutine {n2} [running]: main.(*KeyStore).Get(0xc000{h6}, {0xc000{h6}, 0x{h2}})
java.security.KeyStoreException: Uninitialized keystore at KeyManagerFactory.init
Session 0x{h15} for server zk-{d1}/10.0.0.{n1}:2181, closing socket connection
kafka: group=checkout-consumers member=consumer-1-{uuid} generation={n2} partition=orders-{d1} offset={n7}
AppWindowToken{{h7} token=Token{{h7} ActivityRecord{{h7} u0 com.example.app}}}
binder token: android.os.BinderProxy@{h7} released
redis: {n5} keys evicted, keyspace hits={n6} misses={n5} expired_keys={n4}
GET /api/v1/tokens/{n3}/keys?page={d1}&sort=name HTTP/1.1" 200 {n4} "-" "curl/8.5.0"
GET /static/js/main.{h8}.chunk.js HTTP/1.1" 200 {n5}
POST /oauth/token HTTP/1.1" 401 {n3} "https://app.example.com/login" "Mozilla/5.0 (X11; Linux x86_64)"
gc {n3} @{n3}.{d3}s 2%: 0.{d3}+{n1}.{d1}+0.{d3} ms clock, {n2}->{n2}->{n1} MB, 8 P
vault: core: seal configuration missing, not initialized; key shares=5 key threshold=3
grafana: logger=authn.service t=2026-11-22T10:00:00Z level=warn msg="Failed to authenticate request" client=auth.client.session error="user token not found"
systemd[1]: user@{n4}.service: Deactivated successfully. getty@tty1.service running
using credential provider: env; credentials expire in {n2}m; credential scope=eu-west-1
monkey keyboard turkey bypass compass tokenizer tokenization secretary passenger author authority keynote
PASS: TestTokenRefresh ({n1}.{d2}s) pass=12 fail=0 skip=3
http: TLS handshake error from 10.0.{n1}.{n1}:{n5}: remote error: tls: unknown certificate authority
s3: PutObject bucket=logs key=2026/11/22/app-{n3}.json.gz size={n6}
feature flags loaded: new-token-flow=true password-reset-v2=false
workers={n1} queue=payments state=ready base64=enabled encoding=utf8
`

func cleanTemplates() []string { return strings.Split(strings.TrimSpace(cleanLines), "\n") }
