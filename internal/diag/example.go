package diag

// Example is the smallest bad example of a code: pieces of policies that a test lints
// and that must give the code once, and no other error.
type Example struct {
	// Body is what is between the tags of the root element, of a policy that has
	// nothing else wrong.
	Body string
}
