// A line server in Go as one would write it: a goroutine for each connection, bufio on both sides,
// replies flushed when no whole line is buffered. Lines are split at 1460 bytes as lined does.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
)

const maxLine = 1460

func serve(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReaderSize(conn, 64*1024)
	writer := bufio.NewWriterSize(conn, 64*1024)
	var line []byte
	for {
		piece, err := reader.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			writer.Flush()
			return
		}
		line = append(line, piece...)
		for len(line) >= maxLine && line[maxLine-1] != '\n' || len(line) > maxLine {
			answer(writer, line[:maxLine])
			line = line[maxLine:]
		}
		if len(line) > 0 && line[len(line)-1] == '\n' {
			answer(writer, line)
			line = line[:0]
		}
		if reader.Buffered() == 0 {
			if writer.Flush() != nil {
				return
			}
			line = append([]byte(nil), line...)
		}
	}
}

func answer(writer *bufio.Writer, line []byte) {
	writer.WriteString("Received: ")
	writer.Write(line)
	writer.WriteByte('\n')
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(os.Stderr, "go: listening on %s\n", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err == nil {
			go serve(conn)
		}
	}
}
