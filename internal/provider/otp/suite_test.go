package otp_test

import (
	"context"
	"testing"
	"time"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/otp"
	"journeyman.dev/internal/provider/providertest"
)

// kind and mailed list the providers as package kinds does.
func kind(p *otp.Provider) program.ProfileKind {
	return program.ProfileKind{Name: "OneTimePasswordProtocolProvider", Plan: journey.Plans(p)}
}

func mailed(p *otp.Mailed) program.ProfileKind {
	return program.ProfileKind{Name: "AadSsprProtocolProvider", Plan: journey.Plans(p)}
}

// mailer keeps what it sends.
type mailer struct {
	service providertest.Service
	err     error
	sent    []mail.Code
	used    []mail.Code
}

func (m *mailer) SendCode(ctx context.Context, c mail.Code) error {
	if err := m.service.Do(ctx); err != nil {
		return err
	}
	m.sent = append(m.sent, c)
	return m.err
}

func (m *mailer) CodeUsed(ctx context.Context, c mail.Code) error {
	m.used = append(m.used, c)
	return m.service.Do(ctx)
}

// limits lets as many codes through as it says.
type limits struct {
	service providertest.Service
	left    int
}

func (l *limits) Allow(ctx context.Context, _ string, _ int, _ time.Duration) (bool, error) {
	l.left--
	return l.left >= 0, l.service.Do(ctx)
}

func TestTheSuiteOfProvidersForCodes(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(_ *testing.T, s providertest.Service) program.ProfileKind {
			return kind(&otp.Provider{Limits: &limits{s, 100}})
		},
		Claims: "email otp",
		Profile: journeytest.Profile("Subject", "OneTimePasswordProtocolProvider", `<Metadata>
<Item Key="Operation">GenerateCode</Item>
</Metadata>`+journeytest.Inputs("email=identifier")+journeytest.Outputs("otp=otpGenerated")),
		Required: []string{"Operation"}, Inputs: map[string]string{"email": "ada@example.com"}, Missing: "email", Code: journey.CodeExchangeFailed, Ends: "finished",
	})
}

func TestTheSuiteOfProvidersForMailedCodes(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(_ *testing.T, s providertest.Service) program.ProfileKind {
			return mailed(&otp.Mailed{Mailer: &mailer{service: s}})
		},
		Claims: "email",
		Profile: journeytest.Profile("Subject", "AadSsprProtocolProvider", `<Metadata>
<Item Key="Operation">SendCode</Item>
</Metadata>`+journeytest.Inputs("email=emailAddress")),
		Required: []string{"Operation"}, Inputs: map[string]string{"email": "ada@example.com"}, Missing: "email", Code: journey.CodeExchangeFailed, Ends: "finished",
		Message: "UserMessageIfInternalError",
	})
}
