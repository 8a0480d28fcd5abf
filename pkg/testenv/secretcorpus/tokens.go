package secretcorpus

import "strings"

// A providerToken is a token that its provider's prefix marks.
type providerToken struct{ name, variable, format string }

// published are the formats that the providers' documentation gives, one a line:
// the name, a variable that usually holds it, and the format.
//
//nolint:gosec // no credentials: these are the formats of some
const published = `
aws-access-key-id            AWS_ACCESS_KEY_ID          AKIA{B16}
aws-temporary-key-id         aws_access_key_id          ASIA{B16}
aws-bedrock-key              AWS_BEARER_TOKEN_BEDROCK   ABSK{b120}==
gcp-api-key                  GOOGLE_API_KEY             AIza{w35}
gcp-oauth-secret             client_secret              GOCSPX-{w28}
gcp-access-token             access_token               ya29.a0{w160}
gcp-refresh-token            refresh_token              1//0{w100}
azure-client-secret          AZURE_CLIENT_SECRET        {m3}8Q~{w34}
digitalocean-pat             DIGITALOCEAN_TOKEN         dop_v1_{h64}
digitalocean-oauth           DO_TOKEN                   doo_v1_{h64}
alibaba-key-id               ALIBABA_CLOUD_ACCESS_KEY_ID LTAI5t{m18}
tencent-secret-id            TENCENTCLOUD_SECRET_ID     AKID{m32}
yandex-api-key               YC_API_KEY                 AQVN{w36}
heroku-key                   HEROKU_API_KEY             HRKU-AA{w58}
flyio-token                  FLY_API_TOKEN              FlyV1 fm2_{b140}
netlify-pat                  NETLIFY_AUTH_TOKEN         nfp_{m36}
supabase-token               SUPABASE_ACCESS_TOKEN      sbp_{h40}
planetscale-token            PLANETSCALE_SERVICE_TOKEN  pscale_tkn_{w43}
planetscale-password         MYSQL_ATTR                 pscale_pw_{w43}
databricks-token             DATABRICKS_TOKEN           dapi{h32}-2
cloudflare-origin-ca         CF_ORIGIN_CA               v1.0-{h24}-{h146}
github-pat                   GITHUB_TOKEN               ghp_{m36}
github-app                   GH_TOKEN                   ghs_{m36}
github-oauth                 oauth                      gho_{m36}
github-refresh               refresh                    ghr_{m76}
github-fine-grained          GITHUB_PAT                 github_pat_{m22}_{m59}
gitlab-pat                   GITLAB_TOKEN               glpat-{w20}
gitlab-pat-routable          GL_TOKEN                   glpat-{w27}.{a2}.{a9}
gitlab-deploy                CI_DEPLOY_PASSWORD         gldt-{w20}
gitlab-runner                RUNNER_TOKEN               glrt-{w20}
gitlab-job                   CI_JOB_TOKEN               glcbt-{d2}_{w20}
gitlab-trigger               TRIGGER_TOKEN              glptt-{h40}
gitlab-agent                 agent                      glagent-{w50}
gitlab-scim                  scim                       glsoat-{w20}
gitlab-feed                  feed                       glft-{w20}
gitlab-mail                  incoming                   glimt-{w25}
gitlab-oauth-secret          GITLAB_OAUTH_SECRET        gloas-{h64}
atlassian-api                JIRA_API_TOKEN             ATATT3xFfGF0{w160}={H8}
bitbucket-app-password       BITBUCKET_APP_PASSWORD     ATBB{m24}{H8}
sourcegraph-token            SRC_ACCESS_TOKEN           sgp_{h16}_{h40}
circleci-pat                 CIRCLE_TOKEN               CCIPAT_{m22}_{h40}
buildkite-agent              BUILDKITE_API_TOKEN        bkua_{h40}
sonar-token                  SONAR_TOKEN                sqp_{h40}
docker-pat                   DOCKER_PASSWORD            dckr_pat_{w27}
npm-token                    NPM_TOKEN                  npm_{m36}
pypi-token                   TWINE_PASSWORD             pypi-AgEIcHlwaS5vcmc{w120}
rubygems-key                 GEM_HOST_API_KEY           rubygems_{h48}
clojars-token                CLOJARS_PASSWORD           CLOJARS_{h60}
nuget-key                    NUGET_API_KEY              oy2{a43}
artifactory-key              JFROG_API_KEY              AKCp{m69}
octopus-key                  OCTOPUS_API_KEY            API-{A26}
prefect-key                  PREFECT_API_KEY            pnu_{m36}
pulumi-token                 PULUMI_ACCESS_TOKEN        pul-{h40}
terraform-token              TFE_TOKEN                  {m14}.atlasv1.{m67}
vault-service-token          VAULT_TOKEN                hvs.{w95}
vault-batch-token            VAULT_TOKEN                hvb.{w140}
doppler-token                DOPPLER_TOKEN              dp.pt.{m43}
doppler-service-token        DOPPLER_TOKEN              dp.st.prd.{m43}
onepassword-service-account  OP_SERVICE_ACCOUNT_TOKEN   ops_eyJ{b300}
onepassword-secret-key       OP_SECRET                  A3-{A6}-{A6}-{A5}-{A5}-{A5}-{A5}
age-secret-key               SOPS_AGE_KEY               AGE-SECRET-KEY-1{A58}
tailscale-key                TS_AUTHKEY                 tskey-auth-{m12}-{m32}
harness-pat                  HARNESS_API_KEY            pat.{w22}.{h24}.{m20}
openai-project-key           OPENAI_API_KEY             sk-proj-{w74}T3BlbkFJ{w74}
openai-legacy-key            OPENAI_API_KEY             sk-{m20}T3BlbkFJ{m20}
anthropic-key                ANTHROPIC_API_KEY          sk-ant-api03-{w93}AA
huggingface-token            HF_TOKEN                   hf_{m34}
replicate-token              REPLICATE_API_TOKEN        r8_{m37}
groq-key                     GROQ_API_KEY               gsk_{m52}
perplexity-key               PPLX_API_KEY               pplx-{m48}
nvidia-key                   NVIDIA_API_KEY             nvapi-{w64}
langsmith-key                LANGSMITH_API_KEY          lsv2_pt_{h32}_{h10}
slack-bot                    SLACK_BOT_TOKEN            xoxb-{n12}-{n13}-{m24}
slack-user                   SLACK_TOKEN                xoxp-{n12}-{n12}-{n13}-{h32}
slack-app                    SLACK_APP_TOKEN            xapp-1-A{A10}-{n13}-{h64}
slack-config                 SLACK_CONFIG               xoxe.xoxp-1-{A164}
stripe-secret                STRIPE_SECRET_KEY          sk_live_{m24}
stripe-restricted            STRIPE_KEY                 rk_live_{m99}
stripe-webhook               STRIPE_WEBHOOK_SECRET      whsec_{m32}
square-token                 SQUARE_ACCESS_TOKEN        sq0atp-{w22}
shopify-token                SHOPIFY_TOKEN              shpat_{h32}
shopify-shared-secret        SHOPIFY_SECRET             shpss_{h32}
plaid-token                  PLAID_ACCESS_TOKEN         access-production-{uuid}
razorpay-key                 RAZORPAY_KEY_ID            rzp_live_{m14}
flutterwave-key              FLW_SECRET_KEY             FLWSECK_TEST-{h32}-X
easypost-key                 EASYPOST_API_KEY           EZAK{m54}
shippo-token                 SHIPPO_TOKEN               shippo_live_{h40}
duffel-token                 DUFFEL_ACCESS_TOKEN        duffel_test_{w43}
twilio-key                   TWILIO_API_KEY             SK{h32}
sendgrid-key                 SENDGRID_API_KEY           SG.{w22}.{w43}
mailgun-key                  MAILGUN_API_KEY            key-{h32}
mailchimp-key                MAILCHIMP_API_KEY          {h32}-us{n2}
brevo-key                    BREVO_API_KEY              xkeysib-{h64}-{m16}
telegram-bot                 TELEGRAM_BOT_TOKEN         {n10}:AA{w33}
discord-bot                  DISCORD_TOKEN              MT{m24}.G{w5}.{w38}
notion-token                 NOTION_TOKEN               ntn_{d11}{m35}
linear-key                   LINEAR_API_KEY             lin_api_{m40}
figma-token                  FIGMA_TOKEN                figd_{w40}
airtable-pat                 AIRTABLE_TOKEN             pat{m14}.{h64}
typeform-token               TYPEFORM_TOKEN             tfp_{w44}_{m14}
contentful-token             CONTENTFUL_TOKEN           CFPAT-{w43}
postman-key                  POSTMAN_API_KEY            PMAK-{h24}-{h34}
readme-key                   README_API_KEY             rdme_{a70}
grafana-service-account      GRAFANA_TOKEN              glsa_{m32}_{h8}
grafana-cloud                GRAFANA_CLOUD_TOKEN        glc_{b80}
grafana-api-key              GRAFANA_API_KEY            eyJrIjoi{m84}
new-relic-user-key           NEW_RELIC_API_KEY          NRAK-{A27}
new-relic-license            NEW_RELIC_LICENSE_KEY      {h36}NRAL
sentry-user-token            SENTRY_AUTH_TOKEN          sntryu_{h64}
dynatrace-token              DT_API_TOKEN               dt0c01.{A24}.{A64}
adafruit-key                 ADAFRUIT_IO_KEY            aio_{m28}
adobe-secret                 ADOBE_CLIENT_SECRET        p8e-{a32}
maxmind-key                  MAXMIND_LICENSE_KEY        {m6}_{m29}_mmk
openshift-token              OC_TOKEN                   sha256~{w43}
scalingo-token               SCALINGO_TOKEN             tk-us-{w48}
settlemint-token             SETTLEMINT_TOKEN           sm_pat_{m16}
frameio-token                FRAMEIO_TOKEN              fio-u-{w64}
infracost-key                INFRACOST_API_KEY          ico-{m32}
defined-networking-token     DN_TOKEN                   dnkey-{a26}-{a52}
bcrypt-hash                  password_hash              $2b$12${m53}
sha512-crypt                 shadow                     $6${m16}${m86}
`

func tokens() []providerToken {
	var all []providerToken
	for line := range strings.Lines(strings.TrimSpace(published)) {
		f := strings.Fields(line)
		all = append(all, providerToken{name: f[0], variable: f[1], format: strings.Join(f[2:], " ")})
	}
	return all
}

// A namedSecret has no mark of its own: only its name tells what it is.
type namedSecret struct {
	name      string
	variables []string
	formats   []string
}

func named() []namedSecret {
	chosen := []string{"hunter{d1}", "{a6}", "S3cr3t{d4}", "P{p14}7", "{m16}", "changeme{d2}", "Tr0ub4dor{d2}", "{a12}", "Summer20{d2}"}
	return []namedSecret{
		{"password", []string{"password", "passwd", "PASSWORD", "pwd", "user_password", "db.password", "spring.datasource.password", "DB_PASS", "adminPassword", "passphrase", "keyStorePassword"}, chosen},
		{"secret", []string{"secret", "client_secret", "APP_SECRET", "clientSecret", "shared-secret", "webhook_secret", "SECRET_VALUE"}, chosen},
		{"token", []string{"token", "auth_token", "accessToken", "X-Auth-Token", "refresh_token", "csrf_token", "API_TOKEN", "id_token", "Private-Token"}, []string{"{m24}", "{h40}", "{a16}", "{w43}"}},
		{"api-key", []string{"api_key", "apikey", "apiKey", "X-Api-Key", "API_KEY", "x-api-key", "api.key", "ApiKey"}, []string{"{m32}", "{h32}", "{a20}", "{uuid}"}},
		{"aws-secret-key", []string{"aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "SecretAccessKey", "secretKey"}, []string{"{b40}"}},
		{"encryption-key", []string{"encryption_key", "ENCRYPTION_KEY", "signingKey", "secret_key_base", "private_key", "master_key", "jwt_secret"}, []string{"{h64}", "{b43}=", "{m32}"}},
		{"datadog-key", []string{"DD_API_KEY", "datadog_api_key", "DD-API-KEY", "datadog_app_key"}, []string{"{h32}", "{h40}"}},
		{"heroku-key-uuid", []string{"heroku_api_key", "HEROKU_API_TOKEN"}, []string{"{uuid}"}},
		{"snyk-token", []string{"SNYK_TOKEN", "snyk_api_key"}, []string{"{uuid}"}},
		{"okta-token", []string{"okta_api_token", "OKTA_TOKEN"}, []string{"00{w40}"}},
		{"algolia-key", []string{"algolia_api_key", "ALGOLIA_ADMIN_KEY"}, []string{"{h32}"}},
		{"asana-secret", []string{"asana_client_secret", "ASANA_TOKEN"}, []string{"{a32}"}},
		{"codecov-token", []string{"CODECOV_TOKEN", "codecov_upload_token"}, []string{"{uuid}", "{a32}"}},
		{"pagerduty-key", []string{"PAGERDUTY_API_KEY", "pagerduty_integration_key", "routing_token"}, []string{"{h32}", "u+{m18}"}},
		{"alibaba-secret", []string{"ALIBABA_CLOUD_ACCESS_KEY_SECRET", "alibaba_secret_key"}, []string{"{m30}"}},
		{"tencent-secret", []string{"TENCENTCLOUD_SECRET_KEY", "secret_key"}, []string{"{m32}"}},
		{"cloudflare-token", []string{"CLOUDFLARE_API_TOKEN", "CF_API_TOKEN", "cloudflare_api_key"}, []string{"{w40}", "{h37}"}},
		{"fastly-token", []string{"FASTLY_API_TOKEN", "fastly_key", "Fastly-Key"}, []string{"{w32}"}},
		{"twitter-secret", []string{"twitter_api_secret", "TWITTER_ACCESS_SECRET"}, []string{"{m50}", "{m45}"}},
		{"facebook-secret", []string{"facebook_app_secret", "FACEBOOK_SECRET"}, []string{"{h32}"}},
		{"wireguard-key", []string{"PrivateKey", "WG_PRIVATE_KEY"}, []string{"{b42}o="}},
		{"azure-storage-key", []string{"AZURE_STORAGE_KEY", "storageAccountKey"}, []string{"{b86}=="}},
		{"bootstrap-token", []string{"token", "bootstrapToken"}, []string{"{a6}.{a16}"}},
		{"otp", []string{"otp", "totp"}, []string{"{n6}"}},
	}
}
