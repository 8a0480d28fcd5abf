package redact

import "strings"

// The placeholders that are no provider's.
const (
	kindSecret     = "secret"
	kindPrivateKey = "private-key"
	kindJWT        = "jwt"
	kindEmail      = "email"
	kindIP         = "ip"
	kindMAC        = "mac"
	kindCard       = "card"
	kindIBAN       = "iban"
)

// kinds are the names of all placeholders. None has a digit, so that mining, which
// masks numbers, leaves them whole.
const kinds = `secret private-key jwt email ip mac card iban password-hash webhook api-key
	adafruit-key adobe-key age-key airtable-token alibaba-key anthropic-key atlassian-token authress-key aws-key azure-key
	brevo-key buildkite-token circleci-token clickhouse-key clojars-token cloudflare-key contentful-token crates-token
	databricks-token defined-token digitalocean-token docker-token doppler-token dropbox-token duffel-token dynatrace-token
	easypost-key exoscale-key facebook-token figma-token flutterwave-key flyio-token frameio-token github-token gitlab-token
	google-key grafana-token groq-key harness-token heroku-key honeycomb-key hubspot-key huggingface-token infracost-key
	intercom-token intra-key jfrog-key langsmith-key launchdarkly-key linear-key mailchimp-key mailersend-key mailgun-key
	maxmind-key netlify-token new-relic-key notion-token npm-token nuget-key nvidia-key octopus-key onepassword-key openai-key
	openrouter-key openshift-token packagist-token paypal-token perplexity-key pganalyze-key pinecone-key plaid-token planetscale-token
	posthog-key postman-key prefect-key pulumi-token pypi-token razorpay-key readme-key render-key replicate-token resend-key
	rootly-token rubygems-key salesforce-token scaleway-key sendgrid-key sentry-token settlemint-token shippo-token shopify-token
	slack-token sonar-token sourcegraph-token square-token stripe-key supabase-key tailscale-key tavily-key telegram-token
	tencent-key terraform-token twilio-key twitter-token typeform-token vault-token vercel-token volcengine-key voyage-key
	xai-key yandex-key`

// IsPlaceholder reports whether name, without the angle brackets, is what Mask or
// Secrets writes, such as "secret", "github-token" or the pseudonym "ip-7k2fqa".
func IsPlaceholder(name string) bool {
	for kind := range strings.FieldsSeq(kinds) {
		if kind == name {
			return true
		}
	}
	kind, pseudonym, _ := strings.Cut(name, "-")
	return (kind == kindEmail || kind == kindIP || kind == kindMAC) && len(pseudonym) == pseudonymLen && strings.Trim(pseudonym, pseudonymSet) == ""
}
