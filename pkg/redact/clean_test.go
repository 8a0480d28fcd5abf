package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/redact"
)

func TestWordsThatAreNoSecretsStay(t *testing.T) {
	lines := `
token count=12
key=user:42
tokens=1500
max_tokens: 500
key=value pairs
primary_key=id
secretName: foo
passwordPolicy=strong
token_type=bearer
next_page_token=null
session_id=42 opened
session_id=550e8400-e29b-41d4-a716-446655440000
sessionid=0x14ed93111f20005
the token has expired
password changed for user root
Password: incorrect
token: expired
auth: failed
secret not found
secret "prod/foo-tls-2026" updated
secret: default/foo
secret/data/foo 200 vault path=secret/data/foo
access_log=/var/log/nginx/access.log
:authority: api.example.com
auth_type=oauth2
auth_mode: ldap3
api=v1beta1 apiVersion: apps/v1
key: app.kubernetes.io/name
passenger=12 compass=north pass=3 fail=0
pass: 12, fail: 3
PASS: TestFoo2
signature verification failed, signature: valid
spi pin: 14
code=500 status code: 404
credentials: valid
image: repo/app:1.2.3@sha256:abcdef
SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU
commit 9fceb02d0ae598e95dc970b74767f19372d61af8
access log trace_id=HEX
auth request_id=HEX
api call took 12ms span=00f067aa0ba902b7
key=550e8400-e29b-41d4-a716-446655440000
com.google.gerrit.server.auth.oauth.OAuthTokenCache loaded
AppWindowToken{9f4ef63 token=Token{a64f992 ActivityRecord{de9231d u0 com.tencent.qt.qtl/.activity.info}}}
token=android.os.BinderProxy@4bff08
"token_endpoint":"https://idp.example.com/token"
authorization: denied
authorization mode: Node,RBAC
cookie policy: strict cookies=enabled
Basic authentication enabled, bearer token authentication enabled
Www-Authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io"
docker run -p 8080:80 nginx
mysql: ready for connections. port: 3306
mkdir -p /var/lib/mysql
redis-cli -h cache -p 6379
SELECT * FROM t WHERE key = 'foo' AND token IS NULL
KEY=bar TOKEN= SECRET=
password=
password= user=x
required fields: "user", "password", "email", "token", "role"
unexpected token: foo
auth.go:123] authenticated user bob
EOS token = 128009
charge ch_3MmlLrLkdIwHu7ix0snN0B15 succeeded
i-0abcd1234ef567890 vpc-0a1b2c3d4e5f67890
arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf
default-token-x7k2p mounted
Lambda$14/0x00000008000b5840@1b2c3d
heroku[router]: at=info method=GET request_id=8601b555-6a83-4c12-8269-97c8e32cdb22 dyno=web.1
datadog: agent version 7.50.3 flush 1234567890 points
discord: shard 0 ready latency=42ms
secret=<nil> token=<none> password=<unset>
password=$PASSWORD token=${TOKEN} secret=$(cat x) pw=%PASSWORD%
password=************ token=xxxxx secret=[FILTERED]
http://user:***@host/ http://user:xxxxx@host/
-----BEGIN CERTIFICATE----- MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ -----END CERTIFICATE-----
caBundle: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUM1ekNDQWMrZ0F3SUJBZ0lCQURBTkJna3Foa2lHOXcwQkFRc0ZBREFW
public_key=MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
image=registry.example.com/team/charge-api:HEX
name=checkout%7B__session_id__%3D294b9729f5a7de95%2Cnamespace%3Ddemo%7D
pod=authts-web-57f5b6f56b-bdmh9, uid=8f6b5224-94ce-4f5d-ba08-03f9fc2f572f
wallet_address=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
game_template=sessionV2TestPersistent-ce9df02a-a0f8-41fe-9582-cfe03afb7203
persistentvolume=ws-y5xhxoxp-9wts-snf2-abcdefghij
s3: PutObject key=logs/2026/11/22/ab12cd34ef56a7b8.json
private_key=/etc/ssl/x.pem api_key_path=/run/secrets/x
`
	lines = strings.ReplaceAll(lines, "HEX", "4bf92f3577b34da6"+"a3ce929d0e0e4736")
	r := redact.New()
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		masked, changed := r.Secrets([]byte(line))
		require.False(t, changed, "%sbecame %s", line, masked)
	}
}
