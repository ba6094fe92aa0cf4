package test

import (
	"strings"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
)

// sentTo reports the first address with a prefix that the browser was sent to.
func sentTo(prefix string, to chan<- string) func(any) {
	return func(event any) {
		address := ""
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			address = e.Request.URL + e.Request.URLFragment
		case *page.EventFrameRequestedNavigation:
			address = e.URL
		}
		if strings.HasPrefix(address, prefix) {
			select {
			case to <- address:
			default:
			}
		}
	}
}
