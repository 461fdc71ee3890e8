package main

import (
	"os"
	"strings"
	"time"

	"quay20/internal/neighbour/eid"
	"quay20/internal/problem"
	"quay20/internal/web"
)

// EID joins the provider of electronic identities, by OpenID Connect.
type EID struct {
	Issuer     string   `env:"QUAY20_EID_ISSUER" help:"Provider of electronic identities, as its tokens name it: https://eid.example.vn. None if left out. It must know ORIGIN/tai-khoan/vao/tra-loi as the way back." placeholder:"URL"`
	Client     string   `env:"QUAY20_EID_CLIENT" default:"quay20" help:"Our name at the provider; quay20 if left out."`
	SecretFile string   `env:"QUAY20_EID_SECRET_FILE" help:"File with our secret at the provider, which nobody else may read." placeholder:"FILE"`
	Host       []string `env:"QUAY20_EID_HOST" help:"Further host of the provider's endpoints; may be repeated." placeholder:"HOST"`
	Scope      []string `env:"QUAY20_EID_SCOPE" help:"Scope to ask for besides openid and profile; may be repeated."`
	Level      []string `env:"QUAY20_EID_LEVEL" help:"Level of proof (acr) that counts; may be repeated. Any if left out."`
	Number     string   `env:"QUAY20_EID_NUMBER" default:"national_id" help:"Claim that holds the personal number; national_id if left out."`
}

// open makes the provider's client; nil if none was configured.
func (c EID) open(origin string, now func() time.Time) (*eid.Provider, error) {
	if c.Issuer == "" {
		return nil, nil
	}
	secret := ""
	if c.SecretFile != "" {
		b, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return nil, problem.New(problem.Invalid, "err.summary").Field("eid-secret-file", "cli.err.eid", "detail", err.Error())
		}
		info, err := os.Stat(c.SecretFile)
		if err != nil {
			return nil, err
		}
		if mode := info.Mode().Perm(); mode&0o077 != 0 {
			return nil, problem.New(problem.Unavailable, "journal.key.mode", "file", c.SecretFile, "mode", mode.String())
		}
		secret = strings.TrimSpace(string(b))
	}
	p, err := eid.New(eid.Config{Issuer: c.Issuer, ClientID: c.Client, Secret: secret, Redirect: web.EIDBack(origin), Hosts: c.Host, Scopes: c.Scope,
		Levels: c.Level, Number: c.Number, Now: now})
	if err != nil {
		return nil, problem.New(problem.Invalid, "err.summary").Field("eid-issuer", "cli.err.eid", "detail", err.Error())
	}
	return p, nil
}
