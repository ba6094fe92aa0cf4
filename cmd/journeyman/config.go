package main

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"

	"journeyman.dev/internal/diag"
)

type configCommand struct {
	Check configCheckCommand `cmd:"" help:"Print the settings of serve and the source of each, and check them, without starting the server."`
}

// configCheckCommand accepts the flags of serve.
type configCheckCommand struct{ serveCommand }

// Run prints the effective settings. The exit code is 1 if serve would refuse them, and 2, as for every
// command, if they can't be read.
func (c *configCheckCommand) Run(k *kong.Context, s streams) error {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SETTING\tVALUE\tFROM")
	for _, f := range k.Flags() {
		if f.Name == "help" {
			continue
		}
		value, from := shown(f), c.origin(k, f)
		if proxy := outboundProxy(c.OutboundProxy, os.Getenv); f.Name == "outbound-proxy" && c.OutboundProxy == "" && proxy != "" {
			value, from = maskedURL(proxy), "variable HTTPS_PROXY"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, value, from)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, name := range unknownVariables(k.Model, os.Environ()) {
		fmt.Fprintln(s.err, "warning:", name)
	}
	config := config(c.Server, s)
	if config.SMTP == "" {
		fmt.Fprintln(s.err, "warning: no mail server is set (smtp-url): pages that verify e-mail will report that no mail can be sent")
	}
	if config.AdminToken == "" {
		fmt.Fprintln(s.err, "warning: no admin token is set (admin-token): the admin API takes only tokens of applications that have roles")
	}
	if err := config.Check(); err != nil {
		return fmt.Errorf("serve would refuse these settings:\n%w", err)
	}
	fmt.Fprintln(s.out, "\nThe settings are good.")
	return nil
}

// origin returns the source of a flag's value.
func (c *configCheckCommand) origin(k *kong.Context, f *kong.Flag) string {
	for _, p := range k.Path {
		switch {
		case p.Flag != f:
		case p.Resolved:
			return "file " + string(c.Config)
		default:
			return "flag --" + f.Name
		}
	}
	if name := variableOf(f, os.LookupEnv); name != "" {
		return "variable " + name
	}
	return "default"
}

// masked replaces a secret.
const masked = "******"

// shown returns a flag's value without its secrets.
func shown(f *kong.Flag) string {
	text := fmt.Sprint(f.Target.Interface())
	if text == "" {
		return "-"
	}
	switch f.Tag.Get("secret") {
	case "whole":
		return masked
	case "url":
		return maskedURL(text)
	}
	return text
}

// maskedURL masks the password of an address and the values of its query, which may contain a database's
// password.
func maskedURL(text string) string {
	if strings.HasPrefix(text, "sqlite:") || !strings.Contains(text, "://") {
		return text
	}
	u, err := url.Parse(text)
	if err != nil {
		return masked
	}
	if _, has := u.User.Password(); has {
		u.User = url.UserPassword(u.User.Username(), masked)
	}
	if q := u.Query(); len(q) > 0 {
		for name := range q {
			if name != "from" && name != "sslmode" {
				q.Set(name, masked)
			}
		}
		u.RawQuery = q.Encode()
	}
	return strings.ReplaceAll(u.String(), url.QueryEscape(masked), masked)
}

// unknownVariables returns the variables that look like settings and aren't.
func unknownVariables(app *kong.Application, environ []string) []string {
	known := make(map[string]bool)
	var names []string
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		for _, f := range n.Flags {
			for _, env := range f.Envs {
				known[env] = true
				names = append(names, env)
			}
		}
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(app.Node)
	var list []string
	for _, one := range environ {
		name, _, _ := strings.Cut(one, "=")
		if !strings.HasPrefix(name, "JOURNEYMAN_") || known[name] || strings.HasPrefix(name, "JOURNEYMAN_TEST_") {
			continue
		}
		text := "the variable " + name + " is no setting"
		if near := diag.Nearest(name, names); near != "" {
			text += "; did you mean " + near + "?"
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return list
}
