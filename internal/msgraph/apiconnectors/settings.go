package apiconnectors

import (
	"net/http"
	"time"

	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/msgraph"
)

// settings are those that Graph has no members for, in our own sub-resource; zero
// stands for the server's own or for off.
type settings struct {
	Contract       string          `json:"contract"`
	Strict         bool            `json:"strict"`
	TimeoutSeconds float64         `json:"timeoutSeconds"`
	Attempts       int             `json:"attempts"`
	Cache          cacheSettings   `json:"cache"`
	CircuitBreaker breakerSettings `json:"circuitBreaker"`
	Hedging        hedgingSettings `json:"hedging"`
	MaxConcurrent  int             `json:"maxConcurrent"`
}

type cacheSettings struct {
	TTLSeconds float64 `json:"timeToLiveSeconds"`
}

type breakerSettings struct {
	Failures    int     `json:"failures"`
	OpenSeconds float64 `json:"openSeconds"`
}

type hedgingSettings struct {
	AfterMilliseconds float64 `json:"afterMilliseconds"`
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func showSettings(s connector.Settings) settings {
	contract := s.Contract
	if contract == "" {
		contract = connector.ContractConnector
	}
	return settings{
		Contract: string(contract), Strict: s.Strict, TimeoutSeconds: s.Timeout.Seconds(), Attempts: s.Attempts,
		Cache:          cacheSettings{s.CacheFor.Seconds()},
		CircuitBreaker: breakerSettings{s.BreakAfter, s.BreakFor.Seconds()},
		Hedging:        hedgingSettings{float64(s.HedgeAfter) / float64(time.Millisecond)},
		MaxConcurrent:  s.MaxConcurrent,
	}
}

func (s settings) kept() connector.Settings {
	return connector.Settings{
		Contract: connector.Contract(s.Contract), Strict: s.Strict, Timeout: seconds(s.TimeoutSeconds), Attempts: s.Attempts,
		CacheFor: seconds(s.Cache.TTLSeconds), BreakAfter: s.CircuitBreaker.Failures, BreakFor: seconds(s.CircuitBreaker.OpenSeconds),
		HedgeAfter: time.Duration(s.Hedging.AfterMilliseconds * float64(time.Millisecond)), MaxConcurrent: s.MaxConcurrent,
	}
}

func (h *Handler) getSettings(q *msgraph.Request) error {
	c, err := h.find(q)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "identity/apiConnectors('"+c.ID+"')/settings", showSettings(c.Settings))
}

func (h *Handler) patchSettings(q *msgraph.Request) error {
	c, err := h.find(q)
	if err != nil {
		return err
	}
	body, err := q.ReadBody()
	if err != nil {
		return err
	}
	target(q, &c)
	_, err = h.Change.Update(q.Context(), c.ID, func(c *connector.Connector) error {
		set := showSettings(c.Settings)
		if err := msgraph.Merge(body, &set); err != nil {
			return err
		}
		c.Settings = set.kept()
		return nil
	})
	if err != nil {
		return err
	}
	return q.WriteNothing()
}
