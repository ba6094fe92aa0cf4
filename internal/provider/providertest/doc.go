// Package providertest is one suite that the test of each provider calls, and the services
// that providers are tested with: a scripted API, keys, and a scripted identity provider. None
// of them listens to a network.
//
// [Suite] checks what all providers owe to the compiler and to the engine: findings with
// their codes and positions, texts without causes, logs without values. What a provider does
// is the business of its own tests.
package providertest
