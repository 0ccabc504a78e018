"""A tool that makes a connection per call: busy-tool.py GATEWAY_PORT SERVICE_PORT ASKS [unbound].

Asks the gateway while 10 threads call the service, and prints the answers, a line each. `unbound`: it keeps a socket
that is in no table of the kernel.
"""
import http.client, socket, sys, threading, time

gateway_port, service_port, asks = map(int, sys.argv[1:4])
kept = socket.socket() if sys.argv[4:] == ["unbound"] else None


def call():
    while True:
        with socket.create_connection(("127.0.0.1", service_port)):
            time.sleep(0.003)


for _ in range(10):
    threading.Thread(target=call, daemon=True).start()
for _ in range(asks):
    gateway = http.client.HTTPConnection("127.0.0.1", gateway_port)
    gateway.request("GET", "/")
    print(gateway.getresponse().read().decode(), flush=True)
    gateway.close()
