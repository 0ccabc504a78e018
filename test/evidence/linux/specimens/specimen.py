"""Relays in disguise, and tools that only look like one: specimen.py SHAPE GATEWAY_PORT LISTEN_PORT."""
import ctypes, os, select, socket, subprocess, sys, threading, time

shape, gateway_port, listen_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
keep = []


def connect():
    return socket.create_connection(("127.0.0.1", gateway_port))


def ask():
    """Asks for /LISTEN_PORT and stays connected."""
    upstream = connect()
    upstream.sendall(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % listen_port)
    time.sleep(30)


def pump(a, b):
    while True:
        for ready in select.select([a, b], [], [])[0]:
            data = ready.recv(65536)
            if not data:
                time.sleep(30)
            (b if ready is a else a).sendall(data)


def listener(host="0.0.0.0", protocol=0):
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, listen_port))
    server.listen()
    return server


def unix_listener():
    server = socket.socket(socket.AF_UNIX)
    server.bind("\0specimen-%d" % listen_port)
    server.listen()
    feeder = socket.socket(socket.AF_UNIX)
    if os.fork() == 0:
        server.close()
        feeder.connect("\0specimen-%d" % listen_port)
        feeder.sendall(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % listen_port)
        time.sleep(30)
    feeder.close()
    return server


def relay(server, once=False):
    client = server.accept()[0]
    if once:
        server.close()
    pump(client, connect())


def enter(namespace):
    fd = os.open(namespace, os.O_RDONLY)
    if libc.setns(fd, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def client_code():
    return [sys.executable, __file__, "plain", str(gateway_port), str(listen_port)]


def ring():
    fd = libc.syscall(425, 8, ctypes.create_string_buffer(120))
    if fd < 0:
        raise OSError(ctypes.get_errno(), "io_uring_setup")
    return fd


if shape == "plain":
    ask()
elif shape == "listen":
    relay(listener())
elif shape == "listen-loopback":
    relay(listener("127.0.0.1"))
elif shape == "listen-mptcp":
    relay(listener(protocol=262))
elif shape == "listen-once":
    relay(listener(), once=True)
elif shape == "unix":
    relay(unix_listener())
elif shape == "unix-once":
    relay(unix_listener(), once=True)
elif shape == "pass-client":
    # The parent accepts and hands the client over; nothing else ties it to the child that calls the gateway.
    here, there = socket.socketpair()
    if os.fork() == 0:
        pump(socket.socket(fileno=socket.recv_fds(there, 1, 1)[1][0]), connect())
    server = listener()
    client = server.accept()[0]
    socket.send_fds(here, [b"x"], [client.fileno()])
    client.close()
    server.close()
    time.sleep(30)
elif shape == "pass-upstream":
    # A spotless process holds the connection to the gateway as well.
    here, there = socket.socketpair()
    if os.fork() == 0:
        keep.append(socket.recv_fds(there, 1, 1))
        time.sleep(30)
    server = listener("127.0.0.1")
    client = server.accept()[0]
    upstream = connect()
    socket.send_fds(here, [b"x"], [upstream.fileno()])
    pump(client, upstream)
elif shape == "unshared-thread":
    def work():
        if libc.unshare(0x400) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        relay(listener())
    threading.Thread(target=work, daemon=True).start()
    time.sleep(30)
elif shape == "unshared-after-connect":
    # Both threads hold the connection to the gateway, and only one of them the client.
    upstream = connect()
    def work():
        libc.unshare(0x400)
        pump(listener().accept()[0], upstream)
    threading.Thread(target=work, daemon=True).start()
    time.sleep(30)
elif shape == "udp":
    keep.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    keep[0].bind(("0.0.0.0", 0))
    ask()
elif shape == "mdns":
    keep.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    keep[0].bind(("0.0.0.0", 5353))
    ask()
elif shape == "udp-loopback":
    keep.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    keep[0].bind(("127.0.0.1", 0))
    ask()
elif shape == "tun":
    keep.append(os.open("/dev/net/tun", os.O_RDWR))
    ask()
elif shape == "packet":
    keep.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
    ask()
elif shape == "raw":
    keep.append(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
    ask()
elif shape == "unbound":
    keep.append(socket.socket())
    ask()
elif shape == "other-family":
    # vsock, AF_ALG: whichever this kernel has.
    for family, kind in ((40, socket.SOCK_STREAM), (38, socket.SOCK_SEQPACKET)):
        try:
            keep.append(socket.socket(family, kind))
        except OSError:
            pass
    assert keep, "neither family is there"
    ask()
elif shape == "other-user":
    upstream = connect()
    os.setgroups([])
    os.setresgid(1234, 1234, 1234)
    os.setresuid(1234, 1234, 1234)
    upstream.sendall(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % listen_port)
    time.sleep(30)
elif shape == "thread-of-other-user":
    def work():
        libc.syscall(117, 1234, 1234, 1234)
        time.sleep(30)
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.05)
    ask()
elif shape == "closed-book":
    libc.prctl(4, 0, 0, 0, 0)
    ask()
elif shape == "netlink":
    keep.append(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
    keep[0].bind((0, 0))
    ask()
elif shape == "outbound":
    keep.append(socket.create_connection((sys.argv[4], 7000)))
    ask()
elif shape == "outbound-udp":
    keep.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    keep[0].connect((sys.argv[4], 53))
    ask()
elif shape == "translated":
    # 127.0.0.1:7001 is translated to a port of the other machine.
    keep.append(socket.create_connection(("127.0.0.1", 7001)))
    ask()
elif shape == "elsewhere-and-back":
    enter("/run/netns/" + sys.argv[4])
    server = listener()
    enter("/proc/%d/ns/net" % os.getppid() if len(sys.argv) < 6 else "/run/netns/" + sys.argv[5])
    relay(server, once=True)
elif shape == "parent-elsewhere":
    if os.fork() == 0:
        time.sleep(0.2)
        os.execv(sys.executable, client_code())
    enter("/run/netns/" + sys.argv[4])
    keep.append(listener())
    time.sleep(30)
elif shape == "parent-listens":
    keep.append(listener())
    subprocess.run(client_code())
elif shape == "grandparent-listens":
    keep.append(listener())
    subprocess.run(["/bin/sh", "-c", '"$@"; true', "sh", *client_code()])
elif shape == "parent-accepted":
    server = listener()
    keep.append(server.accept()[0])
    server.close()
    subprocess.run(client_code())
elif shape == "parent-on-loopback":
    keep.append(listener("127.0.0.1"))
    subprocess.run(client_code())
elif shape == "detached-from-listener":
    # In a session of its own, and no child of the listening process.
    keep.append(listener())
    subprocess.run(["/bin/sh", "-c", '"$@"; true', "sh", *client_code()], start_new_session=True)
elif shape == "ring":
    keep.append(ring())
    ask()
elif shape == "ring-with-files":
    server = listener()
    fds = (ctypes.c_int * 1)(server.fileno())
    if libc.syscall(427, ring(), 2, ctypes.byref(fds), 1) != 0:
        raise OSError(ctypes.get_errno(), "io_uring_register")
    server.close()
    ask()
elif shape.startswith("called-"):
    libc.prctl(15, shape[7:].encode(), 0, 0, 0)
    if len(sys.argv) > 4:
        keep.append(socket.create_connection((sys.argv[4], 7000)))
    ask()
else:
    raise SystemExit("no such shape: " + shape)
