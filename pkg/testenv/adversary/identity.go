package adversary

import (
	"fmt"
	"maps"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// An identity is who asks, in all parts that decide what Loki lets him read.
type identity struct {
	org                              int64
	uid, path, tenant, login         string
	basicUser, certificate           string
	basic, anonymous                 bool
	headerName, headerValue          string // that the data source adds
	token, idToken, cookie           string // that Grafana forwards of the user
	forwardedUser, policy, forwarded string // other headers that Grafana forwards
}

// parts are ways to be somebody else. The first of each are the same as not to change.
func identityParts() []func(generator, *identity) {
	return []func(generator, *identity){
		func(g generator, i *identity) { i.org = 1 + int64(g.IntN(3)) },
		func(g generator, i *identity) { i.uid = pick(g, []string{"loki", "loki-2"}) },
		func(g generator, i *identity) { i.path = pick(g, []string{"", "/eu", "/eu/a"}) },
		func(g generator, i *identity) { i.tenant = pick(g, []string{"", "shop", "shop|bank"}) },
		func(g generator, i *identity) { i.login = pick(g, []string{"ann", "bob"}) },
		func(g generator, i *identity) { i.basicUser = pick(g, []string{"reader", "admin"}) },
		func(g generator, i *identity) { i.basic = g.chance(50) },
		func(g generator, i *identity) { i.certificate = pick(g, []string{"cert a", "cert b"}) },
		func(g generator, i *identity) {
			i.headerName, i.headerValue = pick(g, []string{"X-Scope-OrgID", "X-Team"}), pick(g, []string{"", "a", "b"})
		},
		func(g generator, i *identity) { i.token = pick(g, []string{"", "t1", "t2"}) },
		func(g generator, i *identity) { i.idToken = pick(g, []string{"", "i1", "i2"}) },
		func(g generator, i *identity) { i.cookie = pick(g, []string{"", "session=1", "session=2"}) },
		func(g generator, i *identity) { i.anonymous, i.token = true, pick(g, []string{"t1", "t2"}) },
		func(g generator, i *identity) { i.forwardedUser = pick(g, []string{"", "ann", "bob"}) },
		func(g generator, i *identity) {
			i.policy = pick(g, []string{"", "team=a", "team=b", "X-Tenant", "X-Tenant,team=a"})
		},
		func(g generator, i *identity) { i.forwarded = pick(g, []string{"", "team=a", "a", "b"}) },
	}
}

func newIdentity(g generator) identity {
	i := identity{org: 1, uid: "loki", login: "ann", basicUser: "reader", certificate: "cert a", headerName: "X-Team"}
	all := identityParts()
	for range pick(g, []int{0, 1, 1, 1, 2, 4}) {
		pick(g, all)(g, &i)
	}
	return i
}

// subject is what two askers who may read the same have in common: a user who gets a new
// token is the same one, an unknown one is known by the token alone.
func (i identity) subject() string {
	kinds := map[string]string{"token": i.token, "id token": i.idToken, "cookie": i.cookie}
	who := i.login
	forwarded := []string{}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if kinds[kind] != "" {
			forwarded = append(forwarded, kind)
			if i.anonymous {
				forwarded = append(forwarded, kinds[kind])
			}
		}
	}
	if len(forwarded) == 0 || i.anonymous {
		who = ""
	}
	header := i.headerName + "=" + i.headerValue
	return fmt.Sprintf("%d %q %q %q %q %q %v %q %q %q %q %q %q", i.org, i.uid, i.path, i.tenant, who, i.basicUser, i.basic, i.certificate, header, forwarded, i.forwardedUser, i.policy, i.forwarded)
}

// context is the plugin context that Grafana sends for the identity.
func (i identity) context(lokiURL, llmURL string) (backend.PluginContext, error) {
	pc, err := testenv.PluginContext(i.uid, lokiURL+i.path, map[string]any{
		"lokiTenant": i.tenant, "httpHeaderName1": i.headerName, "llmServers": []map[string]any{{"url": llmURL}},
	}, map[string]string{"httpHeaderValue1": i.headerValue, "tlsClientCert": i.certificate})
	if err != nil {
		return pc, err
	}
	pc.OrgID = i.org
	pc.User = &backend.User{Login: i.login}
	if i.anonymous {
		pc.User = nil
	}
	s := pc.DataSourceInstanceSettings
	s.BasicAuthEnabled, s.BasicAuthUser = i.basic, i.basicUser
	return pc, nil
}

// headers are those that Grafana forwards.
func (i identity) headers(g generator) map[string]string {
	out := map[string]string{"http_X-Dashboard-Uid": fmt.Sprint(g.IntN(9)), "http_X-Panel-Id": fmt.Sprint(g.IntN(9)), "http_X-Grafana-Id": fmt.Sprint(g.Uint64())}
	for name, value := range map[string]string{
		"Authorization": i.token, "X-Id-Token": i.idToken, "Cookie": i.cookie, "http_X-Grafana-User": i.forwardedUser, "http_X-Prom-Label-Policy": i.policy, "http_X-Tenant": i.forwarded,
	} {
		if value == "" {
			continue
		}
		if (name == "Authorization" || name == "X-Id-Token") && !i.anonymous {
			value += fmt.Sprint(g.IntN(3)) // tokens are renewed
		}
		out[name] = value
	}
	return out
}
