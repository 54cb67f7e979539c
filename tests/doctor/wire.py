"""For how long a server on this machine was silent on its connections, by the times that the kernel gives to packets.

python3 wire.py PORT     says "ready"; when its input ends, each silence of more than 200 ms, in milliseconds, a line each
"""

import select
import socket
import struct
import sys

SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
ETH_P_IP = 0x0800
OUTGOING = 4
FIN, RST = 1, 4


def packets(wire, port):
    """Yields (client's port, time) of each packet by which the server at this port says something."""
    while True:
        ready, _, _ = select.select([wire, sys.stdin], [], [])
        if wire not in ready:
            return
        frame, ancillary, _, (_, _, kind, *_) = wire.recvmsg(128, 64)
        ip = frame[14:]
        tcp = ip[(ip[0] & 15) * 4 :]
        if kind == OUTGOING or ip[9] != socket.IPPROTO_TCP or len(tcp) < 20:
            continue
        here, there = struct.unpack("!HH", tcp[:4])
        (length,) = struct.unpack("!H", ip[2:4])
        says = length > (len(ip) - len(tcp)) + (tcp[12] >> 4) * 4 or tcp[13] & (FIN | RST)
        if here == port and says:
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
            yield there, seconds * 1e3 + nanoseconds / 1e6


def main():
    port = int(sys.argv[1])
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
    wire.bind(("lo", 0))
    wire.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    print("ready", flush=True)
    last = {}
    for client, time in packets(wire, port):
        silence = time - last.get(client, time)
        if silence > 200:
            print(silence)
        last[client] = time


if __name__ == "__main__":
    main()
