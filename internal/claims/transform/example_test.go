package transform_test

import (
	"context"
	"fmt"

	"journeyman.dev/internal/claims/transform"
)

// A method of a claims transformation is run once, outside of any policy. What its declaration
// would have wrong is found before it runs.
func ExampleTry() {
	name := []transform.Argument{{Name: "inputClaim1", Value: "Ada@Example.com"}}
	for _, toCase := range []string{"LOWER", "Title"} {
		parameters := []transform.Argument{{Name: "toCase", Value: toCase}}
		results, found, err := transform.Try(context.Background(), "ChangeCase", name, parameters, transform.Environment{}, new(transform.Runtime))
		if err != nil {
			fmt.Println(err)
		}
		for _, d := range found {
			fmt.Println(d.Code, d.Message)
		}
		for _, r := range results {
			fmt.Println(r.Name, r.Value)
		}
	}
	// Output:
	// outputClaim ada@example.com
	// JM3007 claims transformation "ChangeCase" has an invalid value "Title" for the parameter "toCase"
}
