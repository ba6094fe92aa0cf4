package userflow_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/userflow"
)

func TestAFlowIsExportedAsACustomPolicy(t *testing.T) {
	t.Parallel()
	flow, err := userflow.NewFlow("susi", userflow.SignUpOrSignIn, 0, nil, time.Unix(1.7e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	tenant := &userflow.Tenant{Name: "contoso.onmicrosoft.com", Flows: []userflow.Flow{flow}}
	for policyID, want := range map[string]string{"": "B2C_1A_susi", "SignIn": "B2C_1A_SignIn", "b2c_1a_x": "b2c_1a_x"} {
		xml, err := tenant.Export("b2c_1_SUSI", policyID)
		if err != nil || !strings.Contains(string(xml), `PolicyId="`+want+`"`) {
			t.Errorf("%q: %v, want %s in\n%.400s", policyID, err, want, xml)
		}
	}
	if _, err := tenant.Export("susi", "B2C_1_other"); err == nil {
		t.Error("a user flow's id was taken for a custom policy")
	}
	if _, err := tenant.Export("nothing", ""); !errors.Is(err, userflow.ErrNotFound) {
		t.Errorf("a flow that isn't there: %v", err)
	}
}
