# feed.py NODE JPEG WIDTH HEIGHT RATE: writes one MJPEG frame again and again to a v4l2loopback device.
import fcntl
import os
import struct
import sys
import time

node, path, width, height, rate = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
jpeg = open(path, "rb").read()
# struct v4l2_format: type 2 is video output, then struct v4l2_pix_format
mjpg, no_field, srgb = int.from_bytes(b"MJPG", "little"), 1, 8
pixels = struct.pack("<8I", width, height, mjpg, no_field, 0, width * height * 2, srgb, 0)
VIDIOC_S_FMT = 0xC0D05605
out = os.open(node, os.O_RDWR)
fcntl.ioctl(out, VIDIOC_S_FMT, struct.pack("<II", 2, 0) + pixels.ljust(200, b"\0"))
while True:
    os.write(out, jpeg)
    time.sleep(1 / rate)
