"""Publishes a moving picture (H.264) and a tone (Opus) by WHIP (RFC 9725): a client that is not Chalkline's own.

    whip.py URL TOKEN

Prints one line {"status", "location", "etag"} for the answer, "connected" when media flow, and the status of DELETE
after its standard input has ended. A refusal ends it with status 3.
"""

import asyncio
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import aioice.ice
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer

# It leaves out loopback, where the server under test is, and a machine may have nothing else.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


def say(line):
    print(line, flush=True)


def ask(method, url, token, body=None):
    """Makes a request and returns its status, headers and body."""
    headers = {"Authorization": "Bearer " + token}
    if body is not None:
        headers["Content-Type"] = "application/sdp"
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, refusal.read().decode()


async def connect(url, token):
    """Offers to publish. Returns the connection and the session's address, or None if it is refused."""
    connection = RTCPeerConnection()
    connected = asyncio.Event()

    @connection.on("connectionstatechange")
    def changed():
        if connection.connectionState == "connected":
            connected.set()

    picture = MediaPlayer("testsrc2=size=96x54:rate=15", format="lavfi")
    tone = MediaPlayer("sine=frequency=440:sample_rate=48000", format="lavfi")
    codecs = RTCRtpSender.getCapabilities("video").codecs
    video = connection.addTransceiver(picture.video, direction="sendonly")
    video.setCodecPreferences([c for c in codecs if c.mimeType == "video/H264"])
    connection.addTransceiver(tone.audio, direction="sendonly")
    await connection.setLocalDescription(await connection.createOffer())

    offer = connection.localDescription.sdp.encode()
    status, headers, body = await asyncio.to_thread(ask, "POST", url, token, offer)
    location = urllib.parse.urljoin(url, headers.get("Location", ""))
    say(json.dumps({"status": status, "location": location, "etag": headers.get("ETag")}))
    if status != 201:
        await connection.close()
        return None
    await connection.setRemoteDescription(RTCSessionDescription(body, "answer"))
    await asyncio.wait_for(connected.wait(), 20)
    say("connected")
    return connection, location


async def main(url, token):
    session = await connect(url, token)
    if session is None:
        return 3
    connection, location = session
    await asyncio.to_thread(sys.stdin.read)
    status, _, _ = await asyncio.to_thread(ask, "DELETE", location, token)
    say(status)
    await connection.close()
    return 0


sys.exit(asyncio.run(main(*sys.argv[1:])))
