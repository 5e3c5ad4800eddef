// A server in Go that passes each line on to all other clients: a goroutine for each client reads, and
// another one writes what comes through a buffered channel. It flushes when the channel is empty, so that
// lines that wait share a write. A client with a full channel is disconnected. An empty line is answered
// with an empty line.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"sync"
)

type client struct {
	conn  net.Conn
	lines chan []byte
}

type hub struct {
	lock    sync.RWMutex
	clients map[*client]bool
}

func (h *hub) join(c *client) {
	h.lock.Lock()
	h.clients[c] = true
	h.lock.Unlock()
}

func (h *hub) leave(c *client) {
	h.lock.Lock()
	delete(h.clients, c)
	h.lock.Unlock()
	close(c.lines)
}

func (h *hub) broadcast(from *client, line []byte) {
	h.lock.RLock()
	defer h.lock.RUnlock()
	for c := range h.clients {
		if c == from {
			continue
		}
		select {
		case c.lines <- line:
		default:
			c.conn.Close()
		}
	}
}

func (c *client) write() {
	writer := bufio.NewWriter(c.conn)
	for line := range c.lines {
		writer.Write(line)
		if len(c.lines) == 0 && writer.Flush() != nil {
			return
		}
	}
}

func (h *hub) serve(conn net.Conn) {
	defer conn.Close()
	c := &client{conn, make(chan []byte, 256)}
	go c.write()
	h.join(c)
	defer h.leave(c)
	reader := bufio.NewReader(conn)
	for {
		line, err := reader.ReadBytes('\n')
		if err != nil {
			return
		}
		if len(line) == 1 {
			c.lines <- line
		} else {
			h.broadcast(c, line)
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(os.Stderr, "go: listening on %s\n", listener.Addr())
	h := &hub{clients: make(map[*client]bool)}
	for {
		conn, err := listener.Accept()
		if err == nil {
			go h.serve(conn)
		}
	}
}
