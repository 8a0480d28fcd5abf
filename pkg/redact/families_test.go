package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/redact"
)

// The lines below hold SECRET, which is replaced when the test runs, so that no
// scanner of this repository takes one for a secret; PAIR is a user with it. A ⏎ is
// the end of a line, a ␛ the start of a colour, a § the dashes of PEM.
func requireMasked(t *testing.T, secret, lines string) {
	r := redact.New()
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		line = strings.NewReplacer("SECRET", secret, "PAIR", "bob:"+secret, "⏎", "\n", "␛", "\x1b", "§", "-----").Replace(strings.TrimSuffix(line, "\n"))
		masked := r.Mask(line)
		require.NotContains(t, masked, secret, line)
		require.Equal(t, masked, r.Mask(masked), "idempotent")
	}
}

func TestPasswordsBehindNames(t *testing.T) {
	const lines = `
password=SECRET
{"password": "SECRET"}
password => "SECRET"
PASSWORD:SECRET
user=bob pass=SECRET
user: bob pass: SECRET
spring.datasource.password = SECRET
DBPassword:SECRET
dbPwd=SECRET&x=1
db_password: 'SECRET'
user_pwd_1=SECRET
passWord=SECRET
pw=SECRET
userPassword:: SECRET
(password=SECRET)
[password:SECRET]
{password=SECRET, user=bob}
LoginRequest(user=bob, password=SECRET)
LoginRequest{user='bob', password='SECRET'}
&{User:bob Password:SECRET}
password=SECRET, user=bob
user=bob^password=SECRET
password=SECRET|user=bob
2026-11-22,bob,password=SECRET,ok
password: "SECRET".
password:=SECRET
password ::= SECRET
password -> SECRET
$password = 'SECRET';
config['password'] = 'SECRET'
setPassword("SECRET")
("password", "SECRET")
'password' => 'SECRET',
password=Some("SECRET")
password: b'SECRET'
password: ['SECRET']
password: !!str SECRET
password:⏎  SECRET
password: |⏎  SECRET
auth:⏎  user: x⏎  password: SECRET⏎
name: PASSWORD⏎value: SECRET
{"name":"PASSWORD","value":"SECRET"}
{Name:DB_PASSWORD Value:SECRET ValueFrom:nil}
{"password":{"value":"SECRET"}}
"Env": ["DB_PASSWORD=SECRET","PATH=/bin"]
<password>SECRET</password>
<wsse:Password Type="#PasswordText">SECRET</wsse:Password>
<property name="password" value="SECRET"/>
<property name="password">SECRET</property>
&lt;password&gt;SECRET&lt;/password&gt;
\u003cpassword\u003eSECRET\u003c/password\u003e
password=&quot;SECRET&quot;
password%22%3A%22SECRET%22
user%3Dbob%26password%3DSECRET
{\"password\":\"SECRET\"}
{"a":"{\"b\":\"{\\\"password\\\":\\\"SECRET\\\"}\"}"}
␛[36mpassword=␛[0mSECRET
␛[36mpassword␛[0m=SECRET
{"msg":"\u001b[36mpassword=\u001b[0mSECRET"}
user logged in with password SECRET
Password set to 'SECRET'
The password is: SECRET
username bob password 7 SECRET
password 'SECRET' rejected
UPDATE users SET password='SECRET' WHERE id=1
ALTER USER bob IDENTIFIED BY SECRET
GRANT ALL ON *.* TO 'bob'@'%' IDENTIFIED BY 'SECRET' WITH GRANT OPTION
CREATE USER bob WITH ENCRYPTED PASSWORD 'SECRET'
contraseña=SECRET
пароль: SECRET
credentials=bob:SECRET
BASIC_AUTH=bob:SECRET
psk="SECRET"
`
	requireMasked(t, "hunter2", lines)
}

func TestPasswordsWithSigns(t *testing.T) {
	for _, secret := range []string{"p@ss,w;rd&1", "pa)ss]w}rd", "ab!cd", "ab$cd1", "$abc1D", "#abc1D", "*abc1D", "(abc1D", "%abc1D", "<abc1D", "a<b>c1", "pässwört1", "密碼abc"} {
		requireMasked(t, secret, "password=SECRET\nlogin failed password=SECRET user=bob\n{\"password\":\"SECRET\",\"n\":1}\nPASSWORD='SECRET'")
	}
	requireMasked(t, "k7w2m9x4", "token = 'SECRET' | 'SECRET'\nhash of SECRET for token=SECRET\ntoken - \"SECRET\"")
	requireMasked(t, "x y", `{"password": "SECRET"}`)
	requireMasked(t, "a'b", `password="SECRET"`)
}

func TestPasswordsInAddresses(t *testing.T) {
	requireMasked(t, "hunter2", `
postgres://app:SECRET@db/x
amqps://svc:SECRET@mq.example.com/%2f
redis://:SECRET@cache:6379/0
mongodb://u:SECRET@h1,h2/db
mysql2://u:SECRET@h/db
https://x-access-token:SECRET@github.com/a/b
u:SECRET@tcp(127.0.0.1:3306)/db
dsn: 'root:SECRET@tcp(db:3306)/x'
u:SECRET@unix(/run/mysqld.sock)/db
u:SECRET@/db
login bob:SECRET@10.0.0.1:22
jdbc:sqlserver://db:1433;user=sa;password=SECRET;encrypt=true
Server=x;Uid=y;Pwd=SECRET;
Driver={ODBC Driver 18};UID=app;PWD={SECRET};
"connectionString":"Server=x;Password=SECRET;Database=y"
`)
	requireMasked(t, "p@ss:w/rd#1", "postgres://app:SECRET@db/x")
	requireMasked(t, "my pass word", "Server=db;User Id=sa;Password=SECRET;Database=x")
}

func TestPasswordsInCommands(t *testing.T) {
	requireMasked(t, "hunter2", `
mysql -uroot -pSECRET db
mysql -u root -p'SECRET'
mysqldump --password=SECRET db
["mysql","-u","root","-pSECRET"]
["--password", "SECRET"]
args: [--user bob --password SECRET --db x]
-password SECRET
--from-literal=foo=SECRET
sshpass -p SECRET ssh host
sshpass -pSECRET ssh host
docker login -u ci -p SECRET registry.example.com
redis-cli -a SECRET ping
REDISCLI_AUTH=SECRET redis-cli
"AUTH" "SECRET"
AUTH default SECRET
CONFIG SET requirepass SECRET
ftp> PASS SECRET
smbclient //srv/share -U bob%SECRET
curl -u PAIR http://x
curl -uPAIR http://x
curl -su PAIR http://x
curl --user 'PAIR' http://x
curl -H "Authorization: Bearer SECRET" -u a:b http://x
curl -d '{"password":"SECRET"}' http://x
openssl pkcs12 -passin pass:SECRET
snmpwalk -v3 -u bob -A SECRET -X SECRET host
ldapsearch -x -D cn=admin -w SECRET
machine api.example.com login bob password SECRET
java -Djavax.net.ssl.keyStorePassword=SECRET -jar app.jar
PGPASSWORD=SECRET psql -h db
`)
}

func TestHeaders(t *testing.T) {
	requireMasked(t, "abc123def456", `
Authorization: Bearer SECRET
authorization = bearer SECRET
authorization=[Bearer SECRET]
"authorization": ["Bearer SECRET"]
('authorization', 'Bearer SECRET')
map[Authorization:[Bearer SECRET] Accept:[*/*]]
[{"name":"Authorization","value":"Bearer SECRET"}]
HTTP_AUTHORIZATION=Bearer SECRET
Authorization: ApiKey SECRET
Authorization: SECRET
authorization: SECRET" status=401
Authorization: Token token="SECRET", email="x"
"HTTP_AUTHORIZATION":"Token token=\"SECRET\""
Authorization: Digest username="bob", realm="r", response="SECRET"
Authorization: OAuth oauth_consumer_key="abc", oauth_token="SECRET", oauth_signature="zzz"
Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host;range, Signature=SECRET
Proxy-Authorization: Basic SECRET
X-Api-Key: SECRET
x-auth-token=SECRET
Cookie: sid=SECRET
Cookie: a=1; sid=SECRET; b=2
"cookie":"a=1; sid=SECRET"
Set-Cookie: sid=SECRET; Path=/
Set-Cookie: a=b; Expires=Wed, 21 Oct 2026 07:28:00 GMT; sid=SECRET
set-cookie=[sid=SECRET; Path=/]
GET /x;jsessionid=SECRET?y HTTP/1.1
Content-Disposition: form-data; name="password"\r\n\r\nSECRET\r\n
`)
	requireMasked(t, "dXNlcjpwYXNz", "Authorization: Basic SECRET\nusing basic SECRET for x\n{\"auth\":\"SECRET\"}")
}

func TestKeys(t *testing.T) {
	requireMasked(t, "K3jx8Qm2"+"Vz0pLr7Tn5Wb", `
oauth_token_secret=SECRET
Using API key SECRET for requests
access key SECRET
api key: SECRET
api token of bob: SECRET
license_key=SECRET
ENCRYPTION-KEY: SECRET
secretAccessKey:SECRET
session_id=SECRET
GET /cb?code=SECRET&state=1
https://x.example/hook?sig=SECRET
TELEGRAM: bot token SECRET
heroku dyno token: SECRET
datadog_thing = "SECRET"
kind: Secret⏎data:⏎  anything: SECRET
{"data":{"anything":"SECRET"},"kind":"Secret"}
`)
	requireMasked(t, "MIIEpAIBAAKCAQEA", `
§BEGIN RSA PRIVATE KEY§⏎SECRET⏎§END RSA PRIVATE KEY§
"key":"§BEGIN RSA PRIVATE KEY§\nSECRET\n§END RSA PRIVATE KEY§\n"
§BEGIN RSA PRIVATE KEY§ SECRET §END RSA PRIVATE KEY§
---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----⏎SECRET⏎---- END SSH2 ENCRYPTED PRIVATE KEY ----
§BEGIN PRIVATE KEY§⏎SECRET
`)
}

func TestPersonalData(t *testing.T) {
	for text, want := range map[string]string{
		"card 4111 1111 1111 1111 declined":     "card <card> declined",
		"card 4111-1111-1111-1111 declined":     "card <card> declined",
		"card 4111 1111 1111 1112 declined":     "card 4111 1111 1111 1112 declined",
		"amex 378282246310005":                  "amex <card>",
		"block blk_4111111111111111":            "block blk_4111111111111111",
		"at 1445144423722 ns 1445144423722123":  "at 1445144423722 ns 1445144423722123",
		"iban DE89 3704 0044 0532 0130 00 ok":   "iban <iban> ok",
		"to GB29NWBK60161331926819.":            "to <iban>.",
		"to GB29NWBK60161331926818.":            "to GB29NWBK60161331926818.",
		"from [2001:db8::1]:443":                "from [<ip>]:443",
		"via fe80::1ff:fe23:4567:890a%eth0":     "via <ip>%eth0",
		"at 10:20:30 std::vector a::b":          "at 10:20:30 std::vector a::b",
		"1.2.3.4.5 v1.2.3.4 1.2.3 256.1.1.1":    "1.2.3.4.5 v1.2.3.4 1.2.3 256.1.1.1",
		"refused by 192.0.2.17:443, 10.0.0.0/8": "refused by <ip>:443, <ip>/8",
		"url=http%3A%2F%2F10.1.2.3%3A80":        "url=http%3A%2F%2F<ip>%3A80",
		"node ip-10-1-2-3.ec2.internal":         "node ip-<ip>.ec2.internal",
		"mac 00:1b:44:11:3a:b7":                 "mac <mac>",
		"fp 00:1b:44:11:3a:b7:aa:bb:cc:dd":      "fp 00:1b:44:11:3a:b7:aa:bb:cc:dd",
		"on 20-24-11-22-10-30":                  "on 20-24-11-22-10-30",
		"mail o'brien@example.ie, ü@exämple.de": "mail <email>, <email>",
		"email%3Djane.doe%40example.com":        "email%3D<email>",
		"git@github.com:org/repo.git":           "git@github.com:org/repo.git",
		"user@1000.service getty@tty1.service":  "user@1000.service getty@tty1.service",
		"lodash@4.17.21 app:1.2@sha256:abcdef":  "lodash@4.17.21 app:1.2@sha256:abcdef",
		"https://host:8080/a@b/c?x=1":           "https://host:8080/a@b/c?x=1",
	} {
		require.Equal(t, want, redact.New().Mask(text))
	}
}
