package page

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"journeyman.dev/internal/limit"
	"journeyman.dev/internal/seal"
)

// device is the browser's record of an account at which its user signed in. By its id the browser's wrong
// passwords are counted apart from those of strangers.
type device struct {
	Account string    `json:"a"`
	ID      string    `json:"i"`
	Since   time.Time `json:"s"`
}

const (
	// maxDevices limits the accounts that a browser remembers. The oldest are dropped.
	maxDevices = 8
	// deviceLife is the maximum lifetime of a cookie in browsers.
	deviceLife = 400 * 24 * time.Hour
	// deviceRenewed is the age at which a sign-in renews the cookie.
	deviceRenewed = 30 * 24 * time.Hour
)

func (p *Pages) deviceCookie() string {
	if p.Secure {
		return "__Host-x-ms-cpim-device"
	}
	return "x-ms-cpim-device"
}

func (p *Pages) deviceContext() string { return "device " + p.TenantID }

func (p *Pages) devices(r *http.Request) []device {
	c, err := r.Cookie(p.deviceCookie())
	if err != nil {
		return nil
	}
	data, err := p.Sealer.OpenText(seal.Browser, p.deviceContext(), c.Value)
	if err != nil {
		return nil
	}
	var list []device
	if json.Unmarshal(data, &list) != nil {
		return nil
	}
	return slices.DeleteFunc(list, func(d device) bool { return p.Now().Sub(d.Since) > deviceLife })
}

// Devices returns the browser's device ids by account.
func (p *Pages) Devices(r *http.Request) map[string]string {
	list := p.devices(r)
	if len(list) == 0 {
		return nil
	}
	known := make(map[string]string, len(list))
	for _, d := range list {
		known[d.Account] = d.ID
	}
	return known
}

// rememberDevice gives the browser a device for each account that its user has just proved to own. The cookie
// signs nobody in.
func (p *Pages) rememberDevice(w http.ResponseWriter, r *http.Request) {
	trusted := limit.From(r.Context()).Trusted()
	if len(trusted) == 0 {
		return
	}
	list, changed := p.devices(r), false
	for _, account := range trusted {
		d := device{Account: account, ID: rand.Text(), Since: p.Now().UTC().Truncate(time.Second)}
		if i := slices.IndexFunc(list, func(d device) bool { return d.Account == account }); i >= 0 {
			if d.Since.Sub(list[i].Since) < deviceRenewed {
				continue
			}
			d.ID = list[i].ID
			list = slices.Delete(list, i, i+1)
		}
		list, changed = slices.Insert(list, 0, d), true
	}
	if !changed {
		return
	}
	data, err := json.Marshal(list[:min(len(list), maxDevices)])
	if err != nil {
		p.Log.ErrorContext(r.Context(), "device can't be written", "err", err)
		return
	}
	p.setCookie(w, &http.Cookie{Name: p.deviceCookie(), Value: p.Sealer.SealText(seal.Browser, p.deviceContext(), data), Path: "/", HttpOnly: true, MaxAge: int(deviceLife.Seconds())})
}
