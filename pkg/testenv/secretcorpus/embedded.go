package secretcorpus

// An embeddedSecret is a part of something larger, which tells what it is.
type embeddedSecret struct {
	name    string
	formats []string
	lines   []string
}

func embedded() []embeddedSecret {
	password := []string{"{m12}", "hunter{d1}x", "{p16}", "{a8}", "S3cr3t{d3}"}
	return []embeddedSecret{
		{"dsn-postgres", []string{"{m12}", "s3cr3t{d3}", "{a8}"}, []string{"dial postgres://app:SECRET@db.example.com:5432/orders?sslmode=disable failed", "DATABASE_URL=postgresql://app:SECRET@10.0.0.{d1}/orders", "parse \"postgres://app:SECRET@db:5432/x\": invalid port"}},
		{"dsn-mysql-go", password, []string{"open app:SECRET@tcp(db:3306)/orders?parseTime=true", "dsn=app:SECRET@unix(/run/mysqld.sock)/orders"}},
		{"dsn-redis", []string{"{m20}", "{a10}"}, []string{"connecting to redis://:SECRET@cache:6379/0", "rediss://default:SECRET@cache.example.com:6380 timed out"}},
		{"dsn-amqp", []string{"{m12}"}, []string{"amqp://guest:SECRET@rabbit:5672/vhost closed", "amqps://svc:SECRET@mq.example.com/%2f"}},
		{"dsn-mongodb", []string{"{m12}", "p%40ss{d4}"}, []string{"mongodb+srv://app:SECRET@cluster0.ab1cd.mongodb.net/test?retryWrites=true", "mongodb://root:SECRET@mongo-0:27017,mongo-1:27017/admin"}},
		{"dsn-jdbc", password[:2], []string{"jdbc:sqlserver://db:1433;database=x;user=sa;password=SECRET;encrypt=true", "jdbc:mysql://db/x?user=app&password=SECRET", "jdbc:postgresql://db:5432/x?user=app&password=SECRET&ssl=true"}},
		{"dsn-ado", password[:2], []string{"Server=db;Database=x;User Id=sa;Password=SECRET;", "Data Source=db;Initial Catalog=x;Uid=app;Pwd=SECRET;Encrypt=yes", "Driver={ODBC Driver 18};Server=db;UID=app;PWD=SECRET"}},
		{"dsn-libpq", []string{"{m12}", "{a8}"}, []string{"host=db port=5432 user=app password=SECRET dbname=x sslmode=disable", "connection to \"host=db user=app password='SECRET' dbname=x\" refused"}},
		{"url-userinfo", []string{"{m20}", "{h40}"}, []string{"fetch https://deploy:SECRET@git.example.com/app.git: exit 128", "proxy=http://user:SECRET@proxy.example.com:3128", "PUT ftp://backup:SECRET@ftp.example.com/x.tar.gz 550"}},
		{"azure-account-key", []string{"{b86}=="}, []string{"DefaultEndpointsProtocol=https;AccountName=store;AccountKey=SECRET;EndpointSuffix=core.windows.net"}},
		{"azure-service-bus", []string{"{b43}="}, []string{"Endpoint=sb://bus.example.com/;SharedAccessKeyName=Root;SharedAccessKey=SECRET"}},
		{"azure-sas", []string{"{b40}%2B{m1}%3D"}, []string{"GET https://store.blob.core.windows.net/c/b?sv=2022-11-02&se=2026-12-01&sr=b&sp=r&sig=SECRET 403"}},
		{"aws-presigned", []string{"{h64}"}, []string{"GET https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261122T100000Z&X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Signature=SECRET 403"}},
		{"aws-sigv4", []string{"{h64}"}, []string{"Authorization: AWS4-HMAC-SHA256 Credential=AKIA{B16}/20261122/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=SECRET"}},
		{"gcs-signed", []string{"{h128}"}, []string{"https://storage.googleapis.com/b/o?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Date=20261122T100000Z&X-Goog-Signature=SECRET"}},
		{"authorization-bearer", []string{"{m32}", "{w64}", "{h40}"}, []string{"Authorization: Bearer SECRET", "> authorization: Bearer SECRET", "headers={\"Authorization\":\"Bearer SECRET\",\"Accept\":\"*/*\"}", "map[Accept:[*/*] Authorization:[Bearer SECRET]]", "curl -sS -H \"Authorization: Bearer SECRET\" https://api.example.com"}},
		{"authorization-basic", []string{"dXNlcjpw{b20}", "YWRtaW46{b12}"}, []string{"Authorization: Basic SECRET", "proxy-authorization: Basic SECRET", "{'authorization': 'Basic SECRET'}", "curl -H 'Authorization: Basic SECRET' http://api.example.com"}},
		{"authorization-digest", []string{"{h32}"}, []string{"Authorization: Digest username=\"bob\", realm=\"r\", nonce=\"{h32}\", uri=\"/\", response=\"SECRET\""}},
		{"authorization-apikey", []string{"{b60}==", "{m40}"}, []string{"Authorization: ApiKey SECRET", "authorization: Token SECRET", "Authorization: token SECRET", "Authorization: SSWS SECRET", "Authorization: GenieKey SECRET", "Authorization: SECRET"}},
		{"cookie", []string{"{m32}", "{h64}", "s%3A{w32}.{m43}"}, []string{"Cookie: theme=dark; session=SECRET; lang=en", "cookie: _ga=GA1.2.1; connect.sid=SECRET", "{\"Cookie\":\"JSESSIONID=SECRET\"}", "Cookie: PHPSESSID=SECRET"}},
		{"set-cookie", []string{"{m32}", "{H32}"}, []string{"Set-Cookie: sid=SECRET; Path=/; HttpOnly; Secure", "set-cookie: JSESSIONID=SECRET; Expires=Wed, 21 Oct 2026 07:28:00 GMT; SameSite=Lax"}},
		{"jwt", []string{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{m60}.{w43}", "eyJhbGciOiJSUzI1NiIsImtpZCI6{m40}.eyJpc3MiOiJrdWJlcm5ldGVz{m120}.{w342}"}, []string{"token SECRET expired", "validating SECRET", "jwt=SECRET", "?id_token=SECRET&state=x", "service account token \"SECRET\" is invalid"}},
		{"jwt-expired-in-url", []string{"eyJ0eXAiOiJKV1QifQ.eyJleHAi{m40}.{w43}"}, []string{"GET /ws?access_token=SECRET HTTP/1.1 101"}},
		{"slack-webhook", []string{"T{A10}/B{A10}/{m24}"}, []string{"POST https://hooks.slack.com/services/SECRET 404", "webhook https://hooks.slack.com/services/SECRET: no_service"}},
		{"discord-webhook", []string{"{w68}"}, []string{"POST https://discord.com/api/webhooks/{n18}/SECRET 429"}},
		{"teams-webhook", []string{"{h32}/{uuid}"}, []string{"POST https://acme.webhook.office.com/webhookb2/{uuid}@{uuid}/IncomingWebhook/SECRET 400"}},
		{"telegram-url", []string{"{n10}:AA{w33}"}, []string{"POST https://api.telegram.org/botSECRET/sendMessage 403"}},
		{"command-password", []string{"{m12}", "hunter{d2}", "{a9}"}, []string{"+ mysql -h db -u root -pSECRET orders", "+ mysqldump --password=SECRET orders", "exec: sshpass -p SECRET ssh host", "$ psql --dbname x --password SECRET", "running: docker login -u ci -p SECRET registry.example.com", "redis-cli -h cache -a SECRET ping", "argv=[\"mysql\",\"-u\",\"root\",\"-pSECRET\"]", "+ mysql -u root -p'SECRET'", "PGPASSWORD=SECRET psql -h db", "mongo --username app --password SECRET admin", "ldapsearch -x -D cn=admin -w SECRET", "java -Djavax.net.ssl.trustStorePassword=SECRET -jar app.jar"}},
		{"curl-user", []string{"{m14}", "{a10}"}, []string{"+ curl -u PAIR https://api.example.com", "curl --user 'PAIR' -X POST https://api.example.com", "curl -sSf -u \"bob:SECRET\" http://x"}},
		{"sql-identified", []string{"{m12}", "hunter{d2}"}, []string{"CREATE USER 'app'@'%' IDENTIFIED BY 'SECRET'", "ALTER USER app WITH PASSWORD 'SECRET'", "statement: ALTER ROLE app PASSWORD 'SECRET'"}},
		{"phrase", []string{"{a4}{d2}{m6}7", "hunter{d2}"}, []string{"temporary password is SECRET", "default password: SECRET", "login with password \"SECRET\" failed", "Password was SECRET"}},
		{"json-escaped", []string{"{m16}", "{a10}"}, []string{"body={\\\"user\\\":\\\"app\\\",\\\"password\\\":\\\"SECRET\\\"}", "payload: \"{\\\"apiKey\\\":\\\"SECRET\\\",\\\"n\\\":1}\""}},
		{"url-encoded-form", []string{"{m16}"}, []string{"POST body: user%3Dapp%26password%3DSECRET%26x%3D1"}},
		{"docker-auth", []string{"dXNlcjpw{m18}=="}, []string{"{\"auths\":{\"registry.example.com\":{\"auth\":\"SECRET\"}}}"}},
		{"npmrc", []string{"{uuid}", "{b36}"}, []string{"//registry.example.com/:_authToken=SECRET", "_auth=SECRET"}},
		{"nuget-config", []string{"{m16}"}, []string{"<add key=\"ClearTextPassword\" value=\"SECRET\" />"}},
		{"multipart", []string{"{m16}"}, []string{"Content-Disposition: form-data; name=\"password\"\r\n\r\nSECRET\r\n--boundary"}},
		{"netrc", []string{"{m16}7"}, []string{"machine api.example.com login bob password SECRET"}},
		{"credit-header", []string{"{uuid}"}, []string{"X-Vault-Token: SECRET", "X-Postmark-Server-Token: SECRET", "X-Consul-Token: SECRET"}},
	}
}
