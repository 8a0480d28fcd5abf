package redact

// The formats of tokens that their providers mark with a prefix, as the providers'
// documentation gives them: one a line, with the placeholder, the prefix, the set of
// the bytes that follow, how many of them at least, and traits.

// platformFormats are the tokens of clouds, code hosts, build servers, registries
// and secret stores, and hashes of passwords.
const platformFormats = `
aws-key            AKIA                   upper      16 bounded
aws-key            ASIA                   upper      16 bounded
aws-key            ABIA                   upper      16 bounded
aws-key            ACCA                   upper      16 bounded
aws-key            A3T                    upper      17 bounded exact
aws-key            ABSK                   base64     60 bounded
aws-key            bedrock-api-key-       base64     30
aws-key            amzn.mws.              hex-       36
aws-key            amzn1.oa2-cs.v1.       hex        32
aws-key            Atza|                  token      40
aws-key            IQoJb3JpZ2lu           token      60
aws-key            FwoGZXIvYXdz           token      60
aws-key            k8s-aws-v1.            token      40
google-key         AIza                   word       30
google-key         GOCSPX-                word       24
google-key         ya29.                  dotted     20 bounded
google-key         1//0                   word       30 bounded
digitalocean-token dop_v1_                hex        40
digitalocean-token doo_v1_                hex        40
digitalocean-token dor_v1_                hex        40
digitalocean-token DO00                   upper      16 bounded
alibaba-key        LTAI                   alnum      12 bounded
alibaba-key        ALTAK                  alnum      16 bounded random
tencent-key        AKID                   alnum      28 bounded
volcengine-key     AKLT                   word=      32 bounded
yandex-key         AQVN                   word       30 bounded
yandex-key         YCAJE                  word       18 bounded
yandex-key         y0_A                   word       40 bounded
yandex-key         t1.                    dotted     80 bounded random
scaleway-key       SCW                    upper      17 bounded exact random
scaleway-key       tk-us-                 word       40 bounded
exoscale-key       EXO                    hex        24 bounded
cloudflare-key     v1.0-                  hex-      100 bounded
heroku-key         HRKU-                  word       30
flyio-token        fo1_                   word       40
flyio-token        fm1a_                  base64url  60
flyio-token        fm1r_                  base64url  60
flyio-token        fm2_                   base64url  60
render-key         rnd_                   alnum      24 bounded random
netlify-token      nfp_                   alnum      36
vercel-token       vercel_blob_rw_        word       30
supabase-key       sbp_                   hex        40
supabase-key       sb_secret_             word       20
planetscale-token  pscale_                dotted     34
databricks-token   dapi                   hex-       32 bounded
openshift-token    sha256~                word       43
github-token       ghp_                   alnum      30
github-token       gho_                   alnum      30
github-token       ghu_                   alnum      30
github-token       ghs_                   token      30
github-token       ghr_                   alnum      30
github-token       github_pat_            word       40
gitlab-token       glpat-                 dotted     20
gitlab-token       gldt-                  dotted     20
gitlab-token       glrt-                  dotted     20
gitlab-token       glrtr-                 dotted     20
gitlab-token       glcbt-                 dotted     20
gitlab-token       glptt-                 dotted     20
gitlab-token       glft-                  dotted     20
gitlab-token       glimt-                 dotted     20
gitlab-token       glagent-               dotted     20
gitlab-token       gloas-                 dotted     20
gitlab-token       glsoat-                dotted     20
gitlab-token       glffct-                dotted     20
gitlab-token       glwt-                  dotted     20
gitlab-token       GR1348941              word       20
atlassian-token    ATATT3                 token      40
atlassian-token    ATCTT3                 token      40
atlassian-token    ATBB                   token      24 bounded random
sourcegraph-token  sgp_                   word       40
sourcegraph-token  slk_                   hex        60
circleci-token     CCIPAT_                word       30
circleci-token     CCIPRJ_                word       30
buildkite-token    bkua_                  alnum      30
buildkite-token    bkct_                  alnum      30
sonar-token        squ_                   alnum      36
sonar-token        sqp_                   alnum      36
sonar-token        sqa_                   alnum      36
octopus-key        API-                   upper      25 bounded
harness-token      pat.                   dotted     60 bounded random
harness-token      sat.                   dotted     60 bounded random
prefect-key        pnu_                   alnum      30
pulumi-token       pul-                   hex        40 bounded
docker-token       dckr_pat_              word       20
docker-token       dckr_oat_              word       20
npm-token          npm_                   alnum      36
pypi-token         pypi-AgE               word       50
rubygems-key       rubygems_              hex        40
nuget-key          oy2                    lower      43 bounded random
crates-token       cio                    alnum      32 bounded exact random
clojars-token      CLOJARS_               alnum      50
packagist-token    packagist_             word       40
jfrog-key          AKCp                   alnum      60 bounded
jfrog-key          cmVmd                  alnum      50 bounded
vault-token        hvs.                   word       24
vault-token        hvb.                   word       24
vault-token        hvr.                   word       24
doppler-token      dp.pt.                 alnum      36 bounded
doppler-token      dp.st.                 dotted     36 bounded
doppler-token      dp.ct.                 dotted     36 bounded
doppler-token      dp.sa.                 dotted     36 bounded
doppler-token      dp.said.               dotted     36 bounded
doppler-token      dp.scim.               dotted     36 bounded
doppler-token      dp.audit.              dotted     36 bounded
onepassword-key    ops_eyJ                token      60
onepassword-key    A3-                    upper-     33 bounded
age-key            AGE-SECRET-KEY-        upper      50
age-key            AGE-PLUGIN-            upper-     40
tailscale-key      tskey-                 word       16
private-key        b3BlbnNzaC1rZXktdjE    base64     40
private-key        xprv9                  alnum      90 bounded
password-hash      $2a$                   crypt      50
password-hash      $2b$                   crypt      50
password-hash      $2y$                   crypt      50
password-hash      $1$                    crypt      22
password-hash      $5$                    crypt      43
password-hash      $6$                    crypt      60
password-hash      $y$                    crypt      40
password-hash      $apr1$                 crypt      22
password-hash      $argon2id$v=           token$     20
password-hash      $argon2i$v=            token$     20
password-hash      pbkdf2_sha256$         token$     30
password-hash      SCRAM-SHA-256$         token$     10
password-hash      {SSHA}                 base64     24
password-hash      {SSHA512}              base64     24
`

// serviceFormats are the tokens of services that programs call: models, payment,
// mail, chat, monitoring.
const serviceFormats = `
anthropic-key      sk-ant-                word       20
openai-key         sk-proj-               word       20
openai-key         sk-svcacct-            word       20
openai-key         sk-admin-              word       20
openrouter-key     sk-or-v1-              hex        40
api-key            sk-lf-                 word       30 bounded
api-key            sk-                    word       20 bounded random
huggingface-token  hf_                    alnum      30
huggingface-token  api_org_               alnum      30
replicate-token    r8_                    alnum      30 bounded
groq-key           gsk_                   alnum      40
perplexity-key     pplx-                  alnum      32
xai-key            xai-                   alnum      60 bounded
nvidia-key         nvapi-                 word       40
tavily-key         tvly-                  word       20
pinecone-key       pcsk_                  word       40
langsmith-key      lsv2_                  word       36
voyage-key         pa-                    word       40 bounded random
api-key            jina_                  alnum      40
api-key            fw_                    alnum      22 bounded random
slack-token        xoxb-                  token       8 bounded
slack-token        xoxp-                  token       8 bounded
slack-token        xoxa-                  token       8 bounded
slack-token        xoxr-                  token       8 bounded
slack-token        xoxs-                  token       8 bounded
slack-token        xoxo-                  token       8 bounded
slack-token        xoxc-                  token       8 bounded
slack-token        xoxd-                  token%     10 bounded
slack-token        xoxe-                  token      10 bounded
slack-token        xoxe.                  token      10 bounded
slack-token        xapp-                  word        8
slack-token        xwfp-                  word       20
stripe-key         sk_live_               word       10
stripe-key         sk_test_               word       10
stripe-key         sk_prod_               word       10
stripe-key         rk_live_               word       10
stripe-key         rk_test_               word       10
stripe-key         rk_prod_               word       10
stripe-key         pk_live_               word       16
stripe-key         pk_test_               word       16
stripe-key         whsec_                 base64     24
api-key            sk_sbox_               word       16
api-key            sk_                    alnum      24 bounded random
api-key            pk_                    word       32 bounded random
square-token       sq0atp-                word       20
square-token       sq0csp-                word       20
square-token       EAAA                   word       22 bounded random
paypal-token       access_token$          alnum$     30
shopify-token      shpat_                 hex        32
shopify-token      shpca_                 hex        32
shopify-token      shppa_                 hex        32
shopify-token      shpss_                 hex        32
plaid-token        access-sandbox-        hex-       36 uuid
plaid-token        access-development-    hex-       36 uuid
plaid-token        access-production-     hex-       36 uuid
razorpay-key       rzp_live_              alnum      14
razorpay-key       rzp_test_              alnum      14
flutterwave-key    FLWSECK                word       12
flutterwave-key    FLWPUBK                word       12
easypost-key       EZAK                   alnum      54
easypost-key       EZTK                   alnum      54
duffel-token       duffel_live_           word=      40
duffel-token       duffel_test_           word=      40
shippo-token       shippo_live_           hex        40
shippo-token       shippo_test_           hex        40
api-key            live_                  word=      30 bounded random
api-key            test_                  word=      30 bounded random
sendgrid-key       SG.                    dotted     60 bounded
mailgun-key        key-                   alnum        32 bounded random
mailgun-key        pubkey-                hex        32 bounded
brevo-key          xkeysib-               word       60
brevo-key          xsmtpsib-              word       60
mailersend-key     mlsn.                  alnum      50
resend-key         re_                    word       30 bounded random
intercom-token     dG9rO                  base64     40 bounded
notion-token       secret_                alnum      40 bounded
notion-token       ntn_                   alnum      40
linear-key         lin_api_               alnum      32
linear-key         lin_oauth_             alnum      32
figma-token        figd_                  word       36
figma-token        figo_                  word       36
airtable-token     pat                    alnum.     70 bounded random
hubspot-key        pat-                   word       38 bounded random
typeform-token     tfp_                   dotted     40
contentful-token   CFPAT-                 word       40
frameio-token      fio-u-                 word=      60
readme-key         rdme_                  alnum      60
postman-key        PMAK-                  word       50
postman-key        PMAT-                  word       24
adobe-key          p8e-                   alnum      32 bounded
adafruit-key       aio_                   alnum      26
dropbox-token      sl.                    dotted     60 bounded random
facebook-token     EAA                    alnum      80 bounded
facebook-token     IGQV                   word       80 bounded
facebook-token     IGAA                   alnum      80 bounded
twitter-token      AAAAAAAAAAAAAAAAAAAAA  alnum%     60
grafana-token      glsa_                  word       36
grafana-token      glc_                   base64     32
grafana-token      eyJrIjoi               base64     40
new-relic-key      NRAK-                  alnum      24
new-relic-key      NRII-                  word       24
new-relic-key      NRJS-                  alnum      19
new-relic-key      NRRA-                  alnum      30
rootly-token       rootly_                hex        60
pganalyze-key      pgar_                  alnum      24 bounded
sentry-token       sntrys_                token      60
sentry-token       sntryu_                hex        60
dynatrace-token    dt0                    dotted     60 bounded random
honeycomb-key      hcaik_                 alnum      40
honeycomb-key      hcxik_                 alnum      40
posthog-key        phx_                   alnum      36
posthog-key        phc_                   alnum      36
launchdarkly-key   sdk-                   hex-       36 bounded uuid
launchdarkly-key   api-                   hex-       36 bounded uuid
launchdarkly-key   mob-                   hex-       36 bounded uuid
infracost-key      ico-                   alnum      32 bounded
intra-key          s-s4t2ud-              hex        40
intra-key          s-s4t2af-              hex        40
settlemint-token   sm_pat_                alnum      16
settlemint-token   sm_aat_                alnum      16
settlemint-token   sm_sat_                alnum      16
clickhouse-key     4b1d                   alnum      38 bounded exact
defined-token      dnkey-                 word=      60
shopify-token      shptka_                hex        32
`

// urlFormats are addresses that give a right to whoever knows them.
const urlFormats = `
webhook            hooks.slack.com/services/ token%     20 keep
webhook            hooks.slack.com/workflows/ token%     20 keep
webhook            hooks.slack.com/triggers/ token%     20 keep
webhook            discord.com/api/webhooks/ token%     30 keep
webhook            discordapp.com/api/webhooks/ token%     30 keep
webhook            office.com/webhook/    token@     30 keep
webhook            office.com/webhookb2/  token@     30 keep
webhook            hooks.zapier.com/hooks/ token%     12 keep
webhook            maker.ifttt.com/trigger/ token%     12 keep
webhook            events.pagerduty.com/integration/ token%     20 keep
webhook            open-apis/bot/v2/hook/ token%     20 keep
webhook            webhook/send?key=      token%     20 keep
webhook            hc-ping.com/           token%     20 keep
webhook            /hooks/                lower      26 keep exact random
webhook            infura.io/v3/          token%     30 keep
webhook            alchemy.com/v2/        token%     30 keep
secret             ?code=                 token%     16 keep random
secret             &code=                 token%     16 keep random
secret             ?ticket=               token%     16 keep random
secret             &ticket=               token%     16 keep random
`
