// Package journeytest runs journeys in tests without HTTP, SQL or a browser.
//
//	policy (XML snippets) ─► Stage.Compile ─► Program
//	                                             │
//	User: Visit · Submit · Choose · Return ──────┴─► Page · Away · Finished · Failed
//
// A [Policy] wraps snippets into a whole document, so that a test writes only the part that it
// is about. A [Stage] is an engine over stores in memory, with a clock that the test moves and
// randomness that is the same in each run. A [User] is a scripted user; it keeps what a
// browser keeps. A [Story] is an observer that writes each observation as a line.
//
// The tests of package journey and of the providers call it.
package journeytest
