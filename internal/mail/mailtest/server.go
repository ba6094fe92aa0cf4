// Package mailtest provides a mail server for tests.
package mailtest

import (
	"bufio"
	"net"
	"strings"
	"testing"
)

// Server accepts mails on a local port, and answers commands by a script.
type Server struct {
	URL string // for the setting smtp-url
	// Received contains the whole conversations of clients.
	Received chan string
}

// Start runs a server. script contains answers by the first word of a command, such as "RCPT"; other commands
// succeed.
func Start(t testing.TB, script map[string]string) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := &Server{URL: "smtp://" + l.Addr().String() + "?from=no-reply@contoso.example", Received: make(chan string, 16)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(conn, script)
		}
	}()
	return s
}

func (s *Server) talk(conn net.Conn, script map[string]string) {
	defer func() { _ = conn.Close() }()
	var all strings.Builder
	defer func() {
		select {
		case s.Received <- all.String():
		default:
		}
	}()
	in := bufio.NewReader(conn)
	say := func(text string) { _, _ = conn.Write([]byte(text + "\r\n")) }
	say("220 mail.test")
	data := false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		all.WriteString(line)
		line = strings.TrimRight(line, "\r\n")
		if data {
			if line != "." {
				continue
			}
			line = "END"
		}
		word, _, _ := strings.Cut(strings.ToUpper(line), " ")
		answer, ok := script[word]
		switch {
		case ok:
		case word == "DATA":
			answer = "354 go on"
		case word == "QUIT":
			answer = "221 bye"
		default:
			answer = "250 ok"
		}
		data = word == "DATA" && strings.HasPrefix(answer, "354")
		say(answer)
		if word == "QUIT" {
			return
		}
	}
}
