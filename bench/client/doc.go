// Package client is a Chalkline client: the same sync logic as the page's
// (web/src/sync), in Go, for load, end-to-end tests and terminals.
//
// A Client is in one room. It keeps the confirmed state of the documents that
// are open (the room's authority and the boards asked for with OpenBoard), a
// prefix of the log that is checked by chain digest and state hash, and the
// batches of its own that are not durable yet. Work is submitted once however
// often the connection breaks: batches stay with their (replica, n) until the
// server has them, and move to a new replica where the server's history was
// lost (ID4) or the replica was taken over (SES10). It comes back by itself,
// when and as the error's code allows.
//
// There is no overlay: Board shows the confirmed state only. Text, a text that
// one writes in, shows what was written at once.
//
// Everything that a Client owns is guarded by one mutex, which is never held
// across a call out. Callbacks run on the goroutine that reads the document's
// stream, in revision order; they must not wait for the client. A connected
// client with n boards open has 3 + n goroutines.
//
// It reads time only through time.Now and timers, so that it runs in a
// testing/synctest bubble.
package client
