package test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/live"
)

// A node reads what others changed every two seconds; a change that this node makes
// while it reads is never put back.
func TestAReloadKeepsWhatIsChangedMeanwhile(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var reloads sync.WaitGroup
	ended := make(chan struct{})
	reloads.Go(func() {
		for ctx.Err() == nil {
			if err := e.srv.Policies.Reload(context.Background()); err != nil {
				t.Error(err)
			}
			if err := e.srv.Keys.Reload(context.Background()); err != nil {
				t.Error(err)
			}
			select {
			case ended <- struct{}{}:
			default:
			}
		}
	})
	for i := range 50 {
		xml := fmt.Sprintf(`<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="%s" PolicyId="B2C_1A_Reload" PublicPolicyUri="http://x/%d" />`, tenant, i)
		if list, err := e.srv.Policies.Put(ctx, live.Policy{XML: []byte(xml)}); err != nil {
			t.Fatalf("round %d: %v %v", i, err, list)
		}
		name := fmt.Sprintf("Reload%d", i)
		if _, err := e.srv.Keys.Create(ctx, name, keyset.NewSecret("enc", []byte("s"))); err != nil {
			t.Fatal(err)
		}
		<-ended // the reload that began before the change
		if got, err := e.srv.Policies.Get("B2C_1A_Reload"); err != nil || string(got.XML) != xml {
			t.Errorf("round %d: %v, %s", i, err, got.XML)
		}
		if !e.srv.Keys.Exists(name) {
			t.Errorf("round %d: the key set is gone", i)
		}
	}
	cancel()
	reloads.Wait()
}
