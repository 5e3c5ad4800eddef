# The line server that lined's behaviour was recorded from: a process for each connection, gen_tcp with
# packet: :line, passive, each line printed.
defmodule Peer do
  def accept(listener) do
    {:ok, socket} = :gen_tcp.accept(listener)
    pid = spawn(fn -> receive do: (:go -> loop(socket)) end)
    :gen_tcp.controlling_process(socket, pid)
    send(pid, :go)
    accept(listener)
  end

  defp loop(socket) do
    case :gen_tcp.recv(socket, 0) do
      {:ok, line} ->
        IO.puts("Incoming packet: #{inspect(line)}")
        :gen_tcp.send(socket, ["Received: ", line, "\n"])
        loop(socket)

      {:error, _} ->
        IO.puts("Client disconnected")
    end
  end
end

{:ok, listener} =
  :gen_tcp.listen(0, [:binary, packet: :line, active: false, reuseaddr: true, nodelay: true, backlog: 4096])

{:ok, port} = :inet.port(listener)
IO.puts(:stderr, "elixir: listening on 127.0.0.1:#{port}")
Peer.accept(listener)
