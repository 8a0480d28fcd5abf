package secretcorpus

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// documents are secrets that make up the text around them.
func documents() []secretType {
	return []secretType{
		{"private-key-pem", privateKey("RSA PRIVATE KEY", "", true)},
		{"private-key-pkcs8", privateKey("PRIVATE KEY", "", true)},
		{"private-key-ec", privateKey("EC PRIVATE KEY", "", true)},
		{"private-key-openssh", privateKey("OPENSSH PRIVATE KEY", "b3BlbnNza"+"C1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n", true)},
		{"private-key-encrypted", privateKey("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0123456789ABCDEF0123456789ABCDEF\n\n", true)},
		{"private-key-pgp", privateKey("PGP PRIVATE KEY BLOCK", "Version: GnuPG v2\n\n", true)},
		{"private-key-cut", privateKey("PRIVATE KEY", "", false)},
		{"private-key-putty", puttyKey},
		{"private-key-kubeconfig", kubeconfigKey},
		{"gcp-service-account", serviceAccount},
		{"kubernetes-secret-yaml", secretYAML},
		{"kubernetes-secret-json", secretJSON},
		{"jwt-service-account", serviceAccountToken},
		{"payment-card", paymentCard},
		{"iban", bankAccount},
		{"email", func(g *generator) (string, string) {
			address := g.fill("{jane|bob|maria.lopez|j.doe|info+alerts}{d2}@{example|corp-mail|uni-x}.{com|org|co.uk|io}")
			return address, g.line(strings.ReplaceAll(g.one([]string{"mail to <X> bounced", "user=X login failed", "invitation for X sent", "X: 550 no such user", "GET /users/X 404"}), "X", address))
		}},
	}
}

// body is base64 in lines of 64 characters; one of its lines is what must not leak.
func (g *generator) body() (secret, text string) {
	lines := make([]string, 6)
	for i := range lines {
		lines[i] = g.fill("{b64}")
	}
	return lines[2], strings.Join(lines, "\n") + "\n" + g.fill("{b30}") + "=="
}

// armour puts a body between the lines of PEM, without the last one if it is not whole.
func armour(label, body string, whole bool) string {
	text := "-----BEGIN " + label + "-----\n" + body + "\n"
	if whole {
		text += "-----END " + label + "-----"
	}
	return text
}

// privateKey makes a key as several lines, or as one with escaped line ends.
func privateKey(label, head string, whole bool) func(*generator) (string, string) {
	return func(g *generator) (string, string) {
		secret, body := g.body()
		text := armour(label, head+body, whole)
		quoted, _ := json.Marshal(text) // a string always marshals
		switch g.IntN(4) {
		case 0:
			return secret, "2026-11-22T10:00:00Z ERROR cannot parse key:\n" + text
		case 1:
			return secret, `{"level":"debug","tls_key":` + string(quoted) + `,"user":"app"}`
		case 2:
			again, _ := json.Marshal(`{"key":` + string(quoted) + `}`) // a string always marshals
			return secret, `{"log":` + string(again) + `,"stream":"stdout"}`
		default:
			return secret, "tls.key: |\n  " + strings.ReplaceAll(text, "\n", "\n  ")
		}
	}
}

func puttyKey(g *generator) (string, string) {
	secret, body := g.body()
	return secret, "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nComment: rsa-key\nPublic-Lines: 1\nAAAAB3NzaC1yc2E=\nPrivate-Lines: 7\n" + body + "\nPrivate-MAC: " + g.fill("{h64}")
}

func kubeconfigKey(g *generator) (string, string) {
	_, body := g.body()
	key := base64.StdEncoding.EncodeToString([]byte(armour("RSA PRIVATE KEY", body, true) + "\n"))
	return key[100:160], "users:\n- name: admin\n  user:\n    client-key-data: " + key
}

func serviceAccount(g *generator) (string, string) {
	secret, body := g.body()
	text, _ := json.MarshalIndent(map[string]string{ // strings always marshal
		"type": "service_account", "project_id": "acme", "private_key_id": g.fill("{h40}"),
		"private_key":  armour("PRIVATE KEY", body, true) + "\n",
		"client_email": g.fill("svc@acme-{d3}.iam.gserviceaccount.com"),
	}, "", "  ")
	return secret, string(text)
}

func secretYAML(g *generator) (string, string) {
	secret := base64.StdEncoding.EncodeToString([]byte(g.fill("{m21}")))
	text := "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ntype: Opaque\ndata:\n  username: YXBw\n  tls.crt.dat: " + secret + "\n"
	if g.IntN(2) == 0 {
		text = "apiVersion: v1\ndata:\n  config: " + secret + "\n  user: YXBwbGU=\nkind: Secret\nmetadata:\n  name: app\n"
	}
	return secret, text
}

func secretJSON(g *generator) (string, string) {
	secret := base64.StdEncoding.EncodeToString([]byte(g.fill("{a12}")))
	text := `{"apiVersion":"v1","data":{"user":"YXBw","anything":"` + secret + `"},"kind":"Secret","metadata":{"name":"app","namespace":"prod"}}`
	if g.IntN(2) == 0 {
		quoted, _ := json.Marshal(text) // a string always marshals
		text = `{"kubectl.kubernetes.io/last-applied-configuration":` + string(quoted) + `}`
	}
	return secret, text
}

func serviceAccountToken(g *generator) (string, string) {
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	signature := g.fill("{w342}")
	token := encode(g.fill(`{"alg":"RS256","kid":"`)+g.fill("{w43}")+`"}`) + "." + encode(`{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:prod:app","exp":`+g.fill("17{d8}")+`}`) + "." + signature
	return signature, g.line(strings.ReplaceAll(g.one([]string{"reviewing X: expired", "Authorization: Bearer X", "token=X", `{"token":"X"}`}), "X", token))
}

// paymentCard makes a number with a right check digit.
func paymentCard(g *generator) (string, string) {
	number := g.fill("{4|51|55}{d16}")[:15]
	sum := 0
	for i := range len(number) {
		n := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	number += string(rune('0' + (10-sum%10)%10))
	if g.IntN(2) == 0 {
		number = number[:4] + " " + number[4:8] + " " + number[8:12] + " " + number[12:]
	}
	return number, g.line(strings.ReplaceAll(g.one([]string{"card X declined", `{"pan":"X","amount":12}`, "charge on X failed: insufficient funds"}), "X", number))
}

// bankAccount makes an international bank account number with right check digits.
func bankAccount(g *generator) (string, string) {
	account := g.fill("{d18}")
	rest := 0
	for _, c := range account + "131400" { // DE and two zeros, as numbers
		rest = (rest*10 + int(c-'0')) % 97
	}
	number := fmt.Sprintf("DE%02d%s", 98-rest, account)
	return number, g.line(strings.ReplaceAll(g.one([]string{"transfer to X rejected", "iban=X", `{"iban":"X"}`}), "X", number))
}
